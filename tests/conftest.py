"""What every kind of test shares: an environment of its own, set before anything reads it."""

from __future__ import annotations

import os

os.environ.update(
    CARREL_STAGE="test",
    JWT_SECRET="a secret that only the tests know, long enough",
    AWS_ACCESS_KEY_ID="test",
    AWS_SECRET_ACCESS_KEY="test",
    AWS_DEFAULT_REGION="eu-west-1",
    AWS_REGION="eu-west-1",
    QUEUE_PREFIX="https://sqs.eu-west-1.amazonaws.com/123456789012/carrel-test-",
)
for name in ("AWS_ENDPOINT_URL", "REDIS_URL", "OBJECTS_URL", "PUBLIC_URL", "TABLE_PREFIX", "BUCKET"):
    os.environ.pop(name, None)
