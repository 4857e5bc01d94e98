"""What `chalice package` merges into its template: the resources, roles, events and addresses of a stage.

Chalice writes the functions and the API (`.chalice/config.json` says how large); this adds what they stand on:

    layer                    what the functions depend on, built by package.py
    resources.json           tables, queue, bucket, from the models
    gateway_responses.json   the API's own refusals, as problem details
    permissions.py           a role for each function
    web.py                   the web app's bucket and the CDN before everything

Secrets are in none of it: the key that signs tokens is made by the stack and read by reference.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from infra import permissions, web

HERE = Path(__file__).parent

PARAMETERS: dict[str, dict[str, str | bool]] = {
    "PublicUrl": {
        "Type": "String",
        "Default": "",
        "Description": "What links in mails start with, and the origin that may PUT to the bucket. Empty only "
        "until the CDN's own address is known.",
    },
    "RedisUrl": {
        "Type": "String",
        "Default": "",
        "NoEcho": True,
        "Description": "A Redis or Valkey the functions can reach; without one the library runs uncached.",
    },
    "PdfLayer": {
        "Type": "String",
        "Default": "",
        "Description": "A layer with Pango and fonts, for reports as PDF; without one they are pages.",
    },
    "MailFrom": {"Type": "String", "Default": "", "Description": "The address notices come from."},
    "SmtpUrl": {
        "Type": "String",
        "Default": "",
        "NoEcho": True,
        "Description": "Through whom mails go, as smtps://user:password@host; SES where it is empty.",
    },
    "GoogleChatWebhook": {
        "Type": "String",
        "Default": "",
        "NoEcho": True,
        "Description": "The library's space in Google Chat, for patrons who gave none of their own.",
    },
    **web.PARAMETERS,
}

CONDITIONS: dict[str, Any] = {
    "HasPdfLayer": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PdfLayer"}, ""]}]},
    "HasPublicUrl": {"Fn::Not": [{"Fn::Equals": [{"Ref": "PublicUrl"}, ""]}]},
    **web.CONDITIONS,
}


FED = (
    ("Intake", "IntakeQueue", 4),
    ("Export", "ExportsQueue", 2),
    ("Job", "JobsQueue", 2),
    ("Send", "LettersQueue", 8),
    ("Bounced", "BouncesQueue", 2),
    ("Report", "ReportsQueue", 4),
)
"""The functions that a queue feeds, and how many of each may run at a time (two is the least there is)."""


def template(stage: str, runtime: str, layer: Path) -> dict[str, Any]:
    """The template to merge for `stage`, its functions run by `runtime` ("python3.13") on the packages in `layer`."""
    resources = _kept("resources.json")
    tables = [name for name, resource in resources.items() if resource["Type"] == "AWS::DynamoDB::Table"]
    _fit_for_aws(resources)
    return {
        "Description": "Carrel, a lending library for e-books.",
        "Parameters": {"Stage": {"Type": "String", "Default": stage, "AllowedValues": [stage]}} | PARAMETERS,
        "Conditions": CONDITIONS,
        "Globals": {
            "Function": {"Environment": {"Variables": _environment()}, "Layers": [{"Ref": "Dependencies"}]},
        },
        "Resources": resources
        | {"Dependencies": _layer(runtime, layer), "RestAPI": _api()}
        | _queues()
        | _events_of_mail()
        | _secret()
        | permissions.roles(tables)
        | _functions(runtime)
        | web.resources(),
        "Outputs": {"ObjectsBucket": {"Value": {"Ref": "Objects"}}} | web.OUTPUTS,
    }


def _kept(name: str) -> dict[str, Any]:
    return json.loads((HERE / name).read_text())["Resources"]


def _fit_for_aws(resources: dict[str, Any]) -> None:
    """What a library on one machine can do without."""
    for resource in resources.values():
        if resource.get("DeletionPolicy") == "Retain":
            # What a failed first deployment leaves behind would stand in the way of the second.
            resource["DeletionPolicy"] = "RetainExceptOnCreate"
    objects = resources["Objects"]["Properties"]
    # The names of buckets are shared by all of AWS.
    objects["BucketName"] = {"Fn::Sub": "carrel-${Stage}-objects-${AWS::AccountId}"}
    objects["CorsConfiguration"] = {
        "CorsRules": [
            {
                "AllowedOrigins": [{"Fn::If": ["HasPublicUrl", {"Ref": "PublicUrl"}, "https://carrel.invalid"]}],
                "AllowedMethods": ["GET", "HEAD", "PUT"],
                "AllowedHeaders": ["*"],
                "ExposedHeaders": ["Accept-Ranges", "Content-Length", "Content-Range", "ETag"],
                "MaxAge": 3600,
            }
        ]
    }


def _layer(runtime: str, layer: Path) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::LayerVersion",
        "Properties": {
            "CompatibleRuntimes": [runtime],
            "CompatibleArchitectures": ["x86_64"],
            "ContentUri": str(layer),
            "RetentionPolicy": "Delete",
        },
    }


def _api() -> dict[str, Any]:
    """What Chalice leaves out of the API's definition.

    The API's own refusals stand inside it, since a deployment is a snapshot of the definition, and what stands
    beside it may be made after that was taken.
    """
    answers: dict[str, Any] = {}
    for resource in _kept("gateway_responses.json").values():
        properties = resource["Properties"]
        parameters = properties.get("ResponseParameters", {})
        answer = {
            "responseParameters": {**parameters, "gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
            "responseTemplates": properties.get("ResponseTemplates", {}),
        }
        if status := properties.get("StatusCode"):
            answer["statusCode"] = status
        answers[properties["ResponseType"]] = answer
    # Unless told otherwise, API Gateway lets a token pass for five minutes after its session has ended.
    asked_each_time = {"x-amazon-apigateway-authorizer": {"authorizerResultTtlInSeconds": 0}}
    definition = {
        # An answer that says it is base64 is decoded whatever its type, and whatever the client accepts.
        "x-amazon-apigateway-binary-media-types": ["*/*"],
        "x-amazon-apigateway-gateway-responses": answers,
        "securityDefinitions": {"bearer": asked_each_time},
    }
    return {"Properties": {"DefinitionBody": definition}}


def _environment() -> dict[str, Any]:
    return {
        "CARREL_STAGE": {"Ref": "Stage"},
        "TABLE_PREFIX": {"Fn::Sub": "carrel-${Stage}-"},
        "BUCKET": {"Ref": "Objects"},
        "QUEUE_PREFIX": {"Fn::Sub": "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}/carrel-${Stage}-"},
        "PUBLIC_URL": {"Fn::If": ["HasPublicUrl", {"Ref": "PublicUrl"}, "https://carrel.invalid"]},
        "REDIS_URL": {"Ref": "RedisUrl"},
        "MAIL_FROM": {"Ref": "MailFrom"},
        "SMTP_URL": {"Ref": "SmtpUrl"},
        "GOOGLE_CHAT_WEBHOOK": {"Ref": "GoogleChatWebhook"},
        "SES_CONFIGURATION_SET": {"Fn::Sub": "carrel-${Stage}"},
    }


def _queues() -> dict[str, Any]:
    """Where changes go that `tell` or `index` could not deal with; `intake` has its own in resources.json."""
    two_weeks = 14 * 24 * 3600
    return {"TellDeadLetters": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": two_weeks}}}


def _events_of_mail() -> dict[str, Any]:
    """What SES tells of mails that came back, and of complaints: by a topic, into the queue of bounces."""
    own_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    return {
        "MailEvents": {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": {"Fn::Sub": "carrel-${Stage}"}}},
        "BounceTopic": {"Type": "AWS::SNS::Topic"},
        "BounceTopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "BounceTopic"}],
                "PolicyDocument": _lets("ses.amazonaws.com", "sns:Publish", {"Ref": "BounceTopic"}, own_account),
            },
        },
        "BouncesToTopic": {
            "Type": "AWS::SES::ConfigurationSetEventDestination",
            "DependsOn": "BounceTopicPolicy",
            "Properties": {
                "ConfigurationSetName": {"Ref": "MailEvents"},
                "EventDestination": {
                    "Name": "bounces",
                    "Enabled": True,
                    "MatchingEventTypes": ["bounce", "complaint"],
                    "SnsDestination": {"TopicARN": {"Ref": "BounceTopic"}},
                },
            },
        },
        "BouncesToQueue": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {
                "TopicArn": {"Ref": "BounceTopic"},
                "Protocol": "sqs",
                "Endpoint": {"Fn::GetAtt": ["BouncesQueue", "Arn"]},
                "RawMessageDelivery": True,
            },
        },
        "BouncesQueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "BouncesQueue"}],
                "PolicyDocument": _lets(
                    "sns.amazonaws.com",
                    "sqs:SendMessage",
                    {"Fn::GetAtt": ["BouncesQueue", "Arn"]},
                    {"ArnEquals": {"aws:SourceArn": {"Ref": "BounceTopic"}}},
                ),
            },
        },
    }


def _lets(service: str, action: str, resource: dict[str, Any], condition: dict[str, Any]) -> dict[str, Any]:
    """A resource's policy that lets a service of AWS do one thing."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": resource,
        "Condition": condition,
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _secret() -> dict[str, Any]:
    return {
        "TokenKey": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "Description": "Signs the library's access tokens.",
                "GenerateSecretString": {"PasswordLength": 64, "ExcludePunctuation": True},
            },
        }
    }


def _functions(runtime: str) -> dict[str, Any]:
    """What Chalice cannot say of its functions, and their logs.

    Chalice has a setting for how long logs are kept, but packages it with a reference to a function there is not.
    """
    functions: dict[str, Any] = {}
    logs: dict[str, Any] = {}
    for name in permissions.GRANTS:
        logs[f"{name}Log"] = {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}}
        functions[name] = {
            "Properties": {
                "Runtime": runtime,
                "Role": {"Fn::GetAtt": [f"{name}Role", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": f"{name}Log"}},
            }
        }
    key = {"Fn::Sub": "{{resolve:secretsmanager:${TokenKey}:SecretString}}"}
    # Nobody else signs or checks a token, signs what a webhook is told, or writes letters with links in them.
    for name in ("APIHandler", "Bearer", "Export", "Send"):
        functions[name]["Properties"]["Environment"] = {"Variables": {"JWT_SECRET": key}}
    for function, queue, at_once in FED:
        functions[function]["Properties"]["Events"] = {
            f"{function}SqsEventSource": {
                "Properties": {
                    # As Chalice writes it, a Fn::Sub, or both forms would stand there after the merge; by reference,
                    # so that the queue is there first.
                    "Queue": {"Fn::Sub": f"${{{queue}.Arn}}"},
                    # Not by reserved concurrency: a throttled delivery counts as a failed one, and three of those
                    # send a good message to the dead letters.
                    "ScalingConfig": {"MaximumConcurrency": at_once},
                }
            }
        }
    # Beside those of all functions. Lambda looks for libraries in /opt/lib.
    functions["Report"]["Properties"] |= {
        "Layers": [{"Fn::If": ["HasPdfLayer", {"Ref": "PdfLayer"}, {"Ref": "AWS::NoValue"}]}],
        "Environment": {"Variables": {"FONTCONFIG_PATH": "/opt/etc/fonts", "XDG_CACHE_HOME": "/tmp"}},
    }
    for function in ("Tell", "Index"):
        functions[function]["Properties"]["Events"] = {f"{function}DynamodbEventSource": _facts()}
    return functions | logs


def _facts() -> dict[str, Any]:
    """What Chalice cannot say of a function that the facts' stream feeds."""
    return {
        "Properties": {
            # A stream's ARN is known only once its table exists, so Chalice was given a stand-in.
            "Stream": {"Fn::GetAtt": ["FactTable", "StreamArn"]},
            # From the first fact on, also those written while the stack was still being made.
            "StartingPosition": "TRIM_HORIZON",
            # One fact that fails is parked and does not hold up the others for a day. Consumers are
            # idempotent, so the halves of a batch may be told twice.
            "BisectBatchOnFunctionError": True,
            "MaximumRetryAttempts": 8,
            "DestinationConfig": {
                "OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": ["TellDeadLetters", "Arn"]}}
            },
        }
    }
