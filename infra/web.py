"""The web app's bucket, and the CDN before everything: one address for app, API, feeds and covers.

/api/*      the API                                     cached only where an answer says `public`
/opds*      the API, which knows the feeds as /api/opds…, and how one signs in to them
/covers/*   the bucket of objects, that folder only
/*          the web app; an address that is no file is answered with its one page
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chalicelib.opds.addresses import CHALLENGE

HERE = Path(__file__).parent

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
_CACHE_FILES = "658327ea-f89d-4fab-a63d-7e88639e58f6"  # CachingOptimized
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader: API Gateway wants its own

_READ = ["GET", "HEAD"]
_ALL = ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE"]

PARAMETERS: dict[str, dict[str, str | bool]] = {
    "Domain": {"Type": "String", "Default": "", "Description": "A name of your own for the library; optional."},
    "CertificateArn": {
        "Type": "String",
        "Default": "",
        "Description": "The certificate of Domain, in us-east-1, where CloudFront looks for it.",
    },
}

CONDITIONS: dict[str, Any] = {"HasDomain": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Domain"}, ""]}]}}

OUTPUTS: dict[str, Any] = {
    "SiteUrl": {"Value": {"Fn::Sub": "https://${Site.DomainName}"}},
    "SiteBucket": {"Value": {"Ref": "SiteFiles"}},
}


def resources() -> dict[str, Any]:
    """All of it, by logical id."""
    return {
        "SiteFiles": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                }
            },
        },
        "SiteFilesPolicy": _readable_by_site("SiteFiles", "*"),
        "ObjectsPolicy": _readable_by_site("Objects", "covers/*"),
        "SiteAccess": {
            "Type": "AWS::CloudFront::OriginAccessControl",
            "Properties": {
                "OriginAccessControlConfig": {
                    "Name": {"Fn::Sub": "${AWS::StackName}-site"},
                    "OriginAccessControlOriginType": "s3",
                    "SigningBehavior": "always",
                    "SigningProtocol": "sigv4",
                }
            },
        },
        "OnePage": {
            "Type": "AWS::CloudFront::Function",
            "Properties": {
                "Name": {"Fn::Sub": "${AWS::StackName}-one-page"},
                "AutoPublish": True,
                "FunctionConfig": {"Comment": "addresses of the web app", "Runtime": "cloudfront-js-2.0"},
                "FunctionCode": (HERE / "spa.js").read_text(),
            },
        },
        "ApiCaching": _api_caching(),
        "SiteHeaders": _site_headers(),
        "FeedHeaders": _feed_headers(),
        "Site": _distribution(),
    }


def _readable_by_site(bucket: str, keys: str) -> dict[str, Any]:
    site = {"Fn::Sub": "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Site}"}
    reading = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": f"${{{bucket}.Arn}}/{keys}"},
        "Condition": {"StringEquals": {"AWS:SourceArn": site}},
    }
    return {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [reading]},
        },
    }


def _api_caching() -> dict[str, Any]:
    """Kept is what an answer's own Cache-Control lets be kept, for each token, query and form asked for."""
    return {
        "Type": "AWS::CloudFront::CachePolicy",
        "Properties": {
            "CachePolicyConfig": {
                "Name": {"Fn::Sub": "${AWS::StackName}-api"},
                "MinTTL": 0,
                "DefaultTTL": 0,
                "MaxTTL": 60,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "CookiesConfig": {"CookieBehavior": "none"},
                    "EnableAcceptEncodingBrotli": True,
                    "EnableAcceptEncodingGzip": True,
                    "HeadersConfig": {
                        "HeaderBehavior": "whitelist",
                        "Headers": ["Accept", "Authorization", "Origin"],
                    },
                    "QueryStringsConfig": {"QueryStringBehavior": "all"},
                },
            }
        },
    }


def _site_headers() -> dict[str, Any]:
    """The headers of infra/web_headers.json, which the local gateway sends too, and TLS for good."""
    headers: dict[str, str] = json.loads((HERE / "web_headers.json").read_text())
    policy = headers.pop("Content-Security-Policy")
    security: dict[str, Any] = {
        "ContentSecurityPolicy": {"ContentSecurityPolicy": _with_storage(policy), "Override": True},
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 31536000, "Override": True},
    }
    if headers.pop("X-Content-Type-Options", None):
        security["ContentTypeOptions"] = {"Override": True}
    if referrer := headers.pop("Referrer-Policy", None):
        security["ReferrerPolicy"] = {"ReferrerPolicy": referrer, "Override": True}
    custom = [{"Header": name, "Value": value, "Override": True} for name, value in headers.items()]
    return {
        "Type": "AWS::CloudFront::ResponseHeadersPolicy",
        "Properties": {
            "ResponseHeadersPolicyConfig": {
                "Name": {"Fn::Sub": "${AWS::StackName}-site"},
                "SecurityHeadersConfig": security,
                "CustomHeadersConfig": {"Items": custom},
            }
        },
    }


def _feed_headers() -> dict[str, Any]:
    """The challenge of HTTP Basic, by which reading apps know that they have to sign in. API Gateway gives the header
    another name (x-amzn-remapped-www-authenticate), and no function of CloudFront's sees an answer of 401 on its way
    out; a policy's headers are on every answer, where a server may say so too (RFC 9110, 11.6.1)."""
    challenge = {"Header": "WWW-Authenticate", "Value": CHALLENGE, "Override": True}
    return {
        "Type": "AWS::CloudFront::ResponseHeadersPolicy",
        "Properties": {
            "ResponseHeadersPolicyConfig": {
                "Name": {"Fn::Sub": "${AWS::StackName}-feeds"},
                "CustomHeadersConfig": {"Items": [challenge]},
            }
        },
    }


def _with_storage(policy: str) -> dict[str, str]:
    """The web app's policy, with the bucket that books are sent to and read from.

    Raises ValueError where the policy has no connect-src.
    """
    opening = "connect-src 'self'"
    if opening not in policy:
        raise ValueError("web_headers.json: the Content-Security-Policy has no connect-src that begins with 'self'")
    storage = "https://s3.${AWS::Region}.${AWS::URLSuffix}/${Objects}/"
    return {"Fn::Sub": policy.replace(opening, f"{opening} {storage}")}


def _distribution() -> dict[str, Any]:
    api_host = {"Fn::Sub": "${RestAPI}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
    api: dict[str, Any] = {
        "DomainName": api_host,
        "CustomOriginConfig": {"OriginProtocolPolicy": "https-only", "OriginSSLProtocols": ["TLSv1.2"]},
    }
    one_page = [{"EventType": "viewer-request", "FunctionARN": {"Fn::GetAtt": ["OnePage", "FunctionARN"]}}]
    return {
        "Type": "AWS::CloudFront::Distribution",
        "Properties": {
            "DistributionConfig": {
                "Enabled": True,
                "Comment": {"Fn::Sub": "Carrel ${Stage}"},
                "HttpVersion": "http2and3",
                "IPV6Enabled": True,
                "PriceClass": "PriceClass_100",
                "Aliases": {"Fn::If": ["HasDomain", [{"Ref": "Domain"}], {"Ref": "AWS::NoValue"}]},
                "ViewerCertificate": {
                    "Fn::If": [
                        "HasDomain",
                        {
                            "AcmCertificateArn": {"Ref": "CertificateArn"},
                            "MinimumProtocolVersion": "TLSv1.2_2021",
                            "SslSupportMethod": "sni-only",
                        },
                        {"Ref": "AWS::NoValue"},
                    ]
                },
                "Origins": [
                    {"Id": "site", **_bucket_origin("SiteFiles")},
                    {"Id": "objects", **_bucket_origin("Objects")},
                    {"Id": "api", **api},
                    # The API's stage is called `api`, and its feeds are asked for without it.
                    {"Id": "feeds", **api, "OriginPath": "/api"},
                ],
                "DefaultCacheBehavior": _behaviour("site", _READ, _CACHE_FILES)
                | {"FunctionAssociations": one_page, "ResponseHeadersPolicyId": {"Ref": "SiteHeaders"}},
                "CacheBehaviors": [
                    {"PathPattern": "/api/*", **_api_behaviour("api")},
                    {
                        "PathPattern": "/opds*",
                        **_api_behaviour("feeds"),
                        "ResponseHeadersPolicyId": {"Ref": "FeedHeaders"},
                    },
                    {"PathPattern": "/covers/*", **_behaviour("objects", _READ, _CACHE_FILES)},
                ],
            }
        },
    }


def _bucket_origin(bucket: str) -> dict[str, Any]:
    return {
        "DomainName": {"Fn::GetAtt": [bucket, "RegionalDomainName"]},
        "OriginAccessControlId": {"Fn::GetAtt": ["SiteAccess", "Id"]},
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def _behaviour(origin: str, methods: list[str], caching: Any) -> dict[str, Any]:
    return {
        "TargetOriginId": origin,
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": methods,
        "CachedMethods": _READ,
        "CachePolicyId": caching,
        "Compress": True,
    }


def _api_behaviour(origin: str) -> dict[str, Any]:
    return _behaviour(origin, _ALL, {"Ref": "ApiCaching"}) | {"OriginRequestPolicyId": _ALL_BUT_HOST}
