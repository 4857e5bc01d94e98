"""The whole library on one machine, without Docker or a cloud account: `python -m infra.local`, which `make
run` calls.

    supervisor ─┬─ cloud     infra.local.emulator   DynamoDB, SQS, S3 and SES, kept under CARREL_DATA
                ├─ cache     valkey-server          what the catalogue asks for often; may be lost
                ├─ gateway   infra.local.gateway    what API Gateway, S3 and CloudFront do in front of the app
                └─ worker    infra.local.worker     what event source mappings and schedules do behind it

The code that runs is the code that is deployed; only what stands around it is made here.
"""
