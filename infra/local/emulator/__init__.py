"""The embedded cloud: ministack 1.5.33, run as `.venv-cloud/bin/python -m infra.local.emulator`.

Adds to it what a library needs to be trusted with its data, by small patches that hold for this one release
only:

    keeper    a write that was acknowledged survives `kill -9`
    objects   an object is the old one or the new one, whole
    outbox    a mail that was sent is kept whole, with its attachments
    repairs   what `chalice package` needs of API Gateway, and expired items that leave through the front door

This package runs in the virtual environment of ministack and imports nothing else of Carrel.
"""

RELEASE = "1.5.33"
"""The one release of ministack the patches were written and tested against."""
