"""The template that is deployed: what Chalice's is merged with, and what stands beside it for other clouds."""

from __future__ import annotations

import json
import marshal
import re
import subprocess
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import yaml
from chalice.utils import to_cfn_resource_name

import app
from infra import bytecode, permissions, web
from infra.local.processes import ROOT
from infra.template import template

CONFIG = json.loads((ROOT / ".chalice" / "config.json").read_text())


@pytest.fixture(scope="module")
def merged() -> dict[str, Any]:
    return template("prod", "python3.13", Path("layer.zip"))


@pytest.fixture(scope="module")
def resources(merged: dict[str, Any]) -> dict[str, Any]:
    return merged["Resources"]


def function_names() -> list[str]:
    chalice = app.app
    handlers = [*chalice.pure_lambda_functions, *chalice.event_sources, *chalice.builtin_auth_handlers]
    return [handler.name for handler in handlers]


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    return role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]


def test_every_function_of_the_app_has_a_role_of_its_own(resources: dict[str, Any]) -> None:
    wanted = {"APIHandler", *map(to_cfn_resource_name, function_names())}
    assert set(permissions.GRANTS) == wanted
    for name in wanted:
        assert resources[name]["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}


def test_every_function_of_the_app_has_memory_and_time_of_its_own() -> None:
    assert set(CONFIG["lambda_functions"]) == {"api_handler", *function_names()}


def test_no_role_may_do_everything_to_anything(resources: dict[str, Any]) -> None:
    for name in permissions.GRANTS:
        for statement in statements(resources[f"{name}Role"]):
            assert not [action for action in statement["Action"] if "*" in action]
            if statement["Resource"] == "*":
                assert statement["Action"] in (["dynamodb:ListStreams"], ["sns:Publish"])
            assert "dynamodb:Scan" not in statement["Action"]


def test_the_authorizer_may_read_sessions_and_nothing_else(resources: dict[str, Any]) -> None:
    beside_logs = statements(resources["BearerRole"])[1:]
    assert [(s["Action"], s["Resource"]) for s in beside_logs] == [
        (["dynamodb:GetItem"], {"Fn::GetAtt": ["SessionTable", "Arn"]})
    ]


def test_what_signs_tokens_is_a_reference_and_only_where_tokens_are_signed_or_checked(merged: dict[str, Any]) -> None:
    told = {
        name: resource["Properties"].get("Environment", {}).get("Variables", {}).get("JWT_SECRET")
        for name, resource in merged["Resources"].items()
        if name in permissions.GRANTS
    }
    assert {name for name, secret in told.items() if secret} == {"APIHandler", "Bearer", "Export", "Send"}
    assert told["APIHandler"] == {"Fn::Sub": "{{resolve:secretsmanager:${TokenKey}:SecretString}}"}
    assert "JWT_SECRET" not in merged["Globals"]["Function"]["Environment"]["Variables"]
    assert merged["Parameters"]["RedisUrl"]["NoEcho"] is True


def test_a_book_being_read_is_not_handed_out_again(resources: dict[str, Any]) -> None:
    hidden = resources["IntakeQueue"]["Properties"]["VisibilityTimeout"]
    assert hidden > CONFIG["lambda_functions"]["intake"]["lambda_timeout"]


def test_intake_has_memory_for_the_child_whose_own_limit_strikes_first() -> None:
    assert CONFIG["lambda_functions"]["intake"]["lambda_memory_size"] >= 1536


def test_the_stream_is_the_facts_own_and_a_bad_fact_is_set_aside(resources: dict[str, Any]) -> None:
    event = resources["Tell"]["Properties"]["Events"]["TellDynamodbEventSource"]["Properties"]
    assert event["Stream"] == {"Fn::GetAtt": ["FactTable", "StreamArn"]}
    assert event["StartingPosition"] == "TRIM_HORIZON"
    assert event["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0] in resources


def test_a_compressed_answer_passes_the_api_whatever_its_type_and_what_the_client_accepts(
    resources: dict[str, Any],
) -> None:
    assert resources["RestAPI"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-binary-media-types"] == ["*/*"]


def test_every_refusal_of_the_gateway_stands_in_its_definition_and_may_be_read_elsewhere(
    resources: dict[str, Any],
) -> None:
    definition = resources["RestAPI"]["Properties"]["DefinitionBody"]
    answers = definition["x-amazon-apigateway-gateway-responses"]
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "MISSING_AUTHENTICATION_TOKEN", "DEFAULT_5XX"} <= set(answers)
    for answer in answers.values():
        parameters = answer["responseParameters"]
        assert parameters["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert parameters["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert not [r for r in resources.values() if r.get("Type") == "AWS::ApiGateway::GatewayResponse"]


def test_the_gateway_asks_about_a_token_each_time(resources: dict[str, Any]) -> None:
    schemes = resources["RestAPI"]["Properties"]["DefinitionBody"]["securityDefinitions"]
    assert set(schemes) == {handler.name for handler in app.app.builtin_auth_handlers}
    for scheme in schemes.values():
        assert scheme["x-amazon-apigateway-authorizer"]["authorizerResultTtlInSeconds"] == 0


def test_what_people_own_outlives_the_stack(resources: dict[str, Any]) -> None:
    kept = {name for name, r in resources.items() if r.get("DeletionPolicy") == "RetainExceptOnCreate"}
    assert kept >= {name for name, r in resources.items() if r.get("Type") == "AWS::DynamoDB::Table"} | {"Objects"}


def test_everything_referred_to_is_there(merged: dict[str, Any]) -> None:
    made_by_chalice = {"RestAPI"}
    known = {*merged["Parameters"], *merged["Resources"], *made_by_chalice}
    text = json.dumps(merged["Resources"])
    named = {*re.findall(r'{"Ref": "(\w+)"}', text), *re.findall(r'"Fn::GetAtt": \["(\w+)"', text)}
    named |= set(re.findall(r"\$\{(\w+)[.}]", text))
    assert named <= known
    assert set(re.findall(r'"Fn::If": \["(\w+)"', text)) <= set(merged["Conditions"])


def test_the_web_apps_policy_lets_it_reach_the_bucket(resources: dict[str, Any]) -> None:
    headers = resources["SiteHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    policy = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
    assert "connect-src 'self' https://s3.${AWS::Region}.${AWS::URLSuffix}/${Objects}/" in policy
    sent = {item["Header"] for item in headers["CustomHeadersConfig"]["Items"]}
    sent |= {"Content-Security-Policy", "Referrer-Policy", "X-Content-Type-Options"}
    assert sent == set(json.loads((ROOT / "infra" / "web_headers.json").read_text()))


def test_a_policy_that_names_no_place_to_connect_to_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="connect-src"):
        web._with_storage("default-src 'self'")


def test_only_covers_leave_the_bucket_without_a_signature(resources: dict[str, Any]) -> None:
    opened = resources["ObjectsPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [s["Resource"] for s in opened] == [{"Fn::Sub": "${Objects.Arn}/covers/*"}]


def test_answers_to_one_person_are_not_kept_for_another(resources: dict[str, Any]) -> None:
    kept = resources["ApiCaching"]["Properties"]["CachePolicyConfig"]
    key = kept["ParametersInCacheKeyAndForwardedToOrigin"]
    assert (kept["MinTTL"], kept["DefaultTTL"]) == (0, 0)
    assert "Authorization" in key["HeadersConfig"]["Headers"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "all"}


@pytest.mark.parametrize(
    ("address", "served"),
    [
        ("/", "/index.html"),
        ("/books/0123", "/index.html"),
        ("/me/loans", "/index.html"),
        ("/assets/index-1.js", "/assets/index-1.js"),
        ("/sw.js", "/sw.js"),
    ],
)
def test_an_address_that_is_no_file_is_answered_with_the_one_page(address: str, served: str) -> None:
    source = (ROOT / "infra" / "spa.js").read_text()
    asked = json.dumps({"request": {"uri": address}})
    done = subprocess.run(
        ["node", "-e", f"{source}; console.log(handler({asked}).uri)"], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == served


def test_modules_are_packed_with_what_python_makes_of_them(tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    with ZipFile(archive, "w") as file:
        file.writestr("library/books.py", "COPIES = 5\n")
        file.writestr("library/tests/test_books.py", "")
        file.writestr("library/python2.py", "print 'a book'\n")
    bytecode.add(archive)
    bytecode.add(archive)
    with ZipFile(archive) as file:
        names = file.namelist()
        compiled = [name for name in names if name.endswith(".pyc")]
        content = file.read(compiled[0])
    assert len(names) == len(set(names))
    assert len(compiled) == 1
    assert compiled[0].startswith("library/__pycache__/books.")
    assert int.from_bytes(content[4:8], "little") == 1  # PEP 552: by hash, and not checked
    assert "COPIES" in marshal.loads(content[16:]).co_names


class TestCompose:
    """Docker does not run where this was written: the file's form is all that is held here."""

    SERVICES = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())["services"]

    def test_there_are_a_cloud_and_a_cache(self) -> None:
        assert set(self.SERVICES) == {"cloud", "cache"}

    @pytest.mark.parametrize("name", ["cloud", "cache"])
    def test_each_is_pinned_checked_and_reached_from_this_machine_only(self, name: str) -> None:
        service = self.SERVICES[name]
        assert re.fullmatch(r"[\w/]+:\d+\.\d+\.\d+(-\w+)?", service["image"])
        assert service["healthcheck"]["test"][0] == "CMD"
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])

    def test_the_ports_are_those_that_the_header_says(self) -> None:
        header = (ROOT / "infra" / "compose.yaml").read_text()
        for port in ("127.0.0.1:4566", "127.0.0.1:6379"):
            assert header.count(port) >= 2
