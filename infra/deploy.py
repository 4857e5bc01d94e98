"""Deploys the library: `python -m infra.deploy STAGE`, which `make deploy STAGE=…` calls.

Packages it, lets CloudFormation make what changed, puts the web app on the CDN and makes the librarian. Credentials
and region are found as every AWS tool finds them. `make rehearse` runs the same functions against the embedded cloud.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import keys
from infra.local.processes import ROOT, Trouble
from infra.package import Package, package

BUILD = ROOT / "build"
SITE = ROOT / "frontend" / "dist"

Clients = Callable[[str], Any]
"""`boto3.client` with everything but the service's name filled in."""

FROM_ENVIRONMENT = {
    "RedisUrl": "REDIS_URL",
    "MailFrom": "MAIL_FROM",
    "PdfLayer": "PDF_LAYER",
    "SmtpUrl": "SMTP_URL",
    "GoogleChatWebhook": "GOOGLE_CHAT_WEBHOOK",
    "Domain": "DOMAIN",
    "CertificateArn": "CERTIFICATE_ARN",
}
"""The stack's parameters, and the variables that set them. One that is not set stays as it was."""

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
WAITING = {"Delay": 5, "MaxAttempts": 360}
UNCHANGED = "No updates are to be performed"
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stage."""

    name: str
    outputs: Mapping[str, str]
    functions: Mapping[str, str]
    """The functions' own names, by logical id."""


def stack_name(stage: str) -> str:
    """The name of a stage's stack."""
    return f"carrel-{stage}"


def deploy(
    stage: str,
    packed: Package,
    parameters: Mapping[str, str],
    clients: Clients,
    waiting: Mapping[str, int] = WAITING,
) -> Stack:
    """Bring the stack of `stage` to what was packaged, and return it once it is there.

    Raises Trouble with the reasons CloudFormation gives; it takes back what it had begun.
    """
    address = _upload(stage, packed, clients)
    name, cloudformation = stack_name(stage), clients("cloudformation")
    known = _parameters(cloudformation, name)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    kept = [{"ParameterKey": key, "UsePreviousValue": True} for key in known or () if key not in parameters]
    wanted = {"StackName": name, "TemplateURL": address, "Parameters": given + kept, "Capabilities": CAPABILITIES}
    if known is None:
        made = cloudformation.create_stack(**wanted, OnFailure="DELETE")
        _await(cloudformation, "stack_create_complete", made["StackId"], waiting)
    else:
        try:
            changed = cloudformation.update_stack(**wanted)
        except cloudformation.exceptions.ClientError as error:
            if UNCHANGED not in str(error):
                raise Trouble(f"The stack {name} cannot be changed: {error}") from error
        else:
            _await(cloudformation, "stack_update_complete", changed["StackId"], waiting)
    return _described(cloudformation, name)


def publish(site: Path, bucket: str, clients: Clients) -> int:
    """Put the built web app into its bucket; how many files that were.

    Its page goes last, when all it names is there. Older parts stay: somebody may have the old page open.
    """
    s3 = clients("s3")
    files = [path for path in site.rglob("*") if path.is_file()]
    for path in sorted(files, key=lambda path: path.name == "index.html"):
        key = path.relative_to(site).as_posix()
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=path.read_bytes(),
            ContentType=_type_of(path),
            CacheControl=FOREVER if key.startswith("assets/") else "no-cache",
        )
    return len(files)


def invoke(function: str, event: Mapping[str, Any], clients: Clients) -> Any:
    """What `function` returns for `event`.

    Raises Trouble if it raises.
    """
    answer = clients("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    said = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        raise Trouble(f"{function} failed: {said.get('errorMessage', said)}")
    return said


def _upload(stage: str, packed: Package, clients: Clients) -> str:
    """Put what the template names where CloudFormation can read it; the template's address there."""
    s3 = clients("s3")
    account = clients("sts").get_caller_identity()["Account"]
    bucket = f"carrel-{stage}-packages-{account}"
    _make_private_bucket(s3, bucket)
    template = json.loads(packed.template.read_text())
    sent: dict[str, dict[str, str]] = {}
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for name in ("CodeUri", "ContentUri"):
            if isinstance(local := properties.get(name), str):
                if local not in sent:
                    content = (packed.template.parent / local).read_bytes()
                    sent[local] = {"Bucket": bucket, "Key": _put(s3, bucket, content, "zip")}
                properties[name] = sent[local]
    key = _put(s3, bucket, json.dumps(template).encode(), "json")
    # By address: a template given in the call itself may have 51 kB.
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def _put(s3: Any, bucket: str, content: bytes, kind: str) -> str:
    """Keep `content` under a name made from it, so that what did not change is not deployed again."""
    key = f"{hashlib.sha256(content).hexdigest()[:32]}.{kind}"
    if not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def _make_private_bucket(s3: Any, bucket: str) -> None:
    if bucket in {found["Name"] for found in s3.list_buckets()["Buckets"]}:
        return
    region = s3.meta.region_name
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)


def _parameters(cloudformation: Any, name: str) -> list[str] | None:
    """The parameters the stack has now, or None where there is no such stack."""
    try:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return [parameter["ParameterKey"] for parameter in stack.get("Parameters", [])]


def _await(cloudformation: Any, what: str, stack_id: str, waiting: Mapping[str, int]) -> None:
    """Wait for the stack, by its id: one that is gone again has no name any more, and still its reasons."""
    from botocore.exceptions import WaiterError

    try:
        cloudformation.get_waiter(what).wait(StackName=stack_id, WaiterConfig=dict(waiting))
    except WaiterError as error:
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        events = [event for page in pages for event in page["StackEvents"]]  # the newest first
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("FAILED")]
        reasons = [f"  {e['LogicalResourceId']}: {e.get('ResourceStatusReason', 'no reason')}" for e in failed]
        raise Trouble("\n".join(["CloudFormation could not do it and took it back.", *reasons])) from error


def _described(cloudformation: Any, name: str) -> Stack:
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    functions = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for page in pages
        for resource in page["StackResourceSummaries"]
        if resource["ResourceType"] == "AWS::Lambda::Function"
    }
    return Stack(name, outputs, functions)


def _type_of(path: Path) -> str:
    known = {".webmanifest": "application/manifest+json", ".mjs": "text/javascript", ".js": "text/javascript"}
    kind = known.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _to_aws(stage: str) -> None:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", stage):
        raise Trouble("STAGE must be a short word of small letters and digits, like prod.")
    if not (SITE / "index.html").exists():
        raise Trouble("The web app is not built; run `make build` first.")
    try:
        session = boto3.Session()
        clients: Clients = session.client
        clients("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise Trouble(f"AWS does not let you in: {error}") from error
    print("Packaging.", flush=True)
    packed = package(stage, BUILD / stage)
    print("Deploying; the first time takes some minutes.", flush=True)
    parameters = {name: os.environ[variable] for name, variable in FROM_ENVIRONMENT.items() if variable in os.environ}
    stack = deploy(stage, packed, parameters, clients)
    domain = os.environ.get("DOMAIN")
    address = os.environ.get("PUBLIC_URL") or (f"https://{domain}" if domain else stack.outputs["SiteUrl"])
    # The CDN's address is known only now, and what stands before it in the stack cannot refer to it.
    stack = deploy(stage, packed, {**parameters, "PublicUrl": address}, clients)
    publish(SITE, stack.outputs["SiteBucket"], clients)
    print(f"The library is open: {address}")
    print(_librarian(stack, clients))


def _librarian(stack: Stack, clients: Clients) -> str:
    """Make the librarian of a new library; a line about the sign-in."""
    email = os.environ.get("LIBRARIAN_EMAIL") or "librarian@carrel.example"
    given = os.environ.get("LIBRARIAN_PASSWORD")
    password = given or keys.password()
    made = invoke(stack.functions["Setup"], {"librarian": {"email": email, "password": password}}, clients)
    if not made["created"]:
        return "The librarian was there already."
    return f"Librarian: {email}   {'(the password you gave)' if given else password + '   (shown this once)'}"


def main(arguments: list[str]) -> int:
    """Deploy; the process's exit status."""
    if len(arguments) != 1:
        print("Usage: make deploy STAGE=prod", file=sys.stderr)
        return 2
    try:
        _to_aws(arguments[0])
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
