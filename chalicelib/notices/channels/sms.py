"""Text messages, by SNS: the subject and where to go from it. They cost, so there is a limit for each month."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chalicelib import clients, settings
from chalicelib.database import unless
from chalicelib.errors import TooManyAttempts
from chalicelib.notices.channels import File, InDoubt, Later, Person, Refused
from chalicelib.notices.composition import Message
from chalicelib.notices.tables import Allowance


def reaches(person: Person) -> bool:
    """Whether there is a number that takes messages."""
    return bool(person.phone) and "sms" not in person.stopped


def deliver(message: Message, person: Person, files: Sequence[File], letter_id: str, now: datetime) -> None:
    """Send a text message. Raises Refused, Later, InDoubt."""
    from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

    sns = clients.sns()
    _count(now)
    try:
        sns.publish(
            PhoneNumber=person.phone,
            Message=f"{message.subject} {message.url}",
            MessageAttributes={"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}},
        )
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        why = f"SNS: {error.response['Error'].get('Message') or code}"
        if code in ("Throttled", "ThrottledException", "InternalError"):
            raise Later(why) from None
        raise Refused(why, dead=code == "OptedOut") from None
    except EndpointConnectionError as error:
        raise Later(f"SNS: {error}") from None
    except HTTPClientError as error:
        raise InDoubt(f"SNS did not answer: {error}") from None


def _count(now: datetime) -> None:
    """Count one more message of this month.

    Raises Refused where it would be one too many.
    """
    limit = settings.current().sms_per_month
    try:
        with unless(TooManyAttempts):
            Allowance(f"{now:%Y-%m}").update(
                [Allowance.sent.add(1)], Allowance.sent.does_not_exist() | (Allowance.sent < limit)
            )
    except TooManyAttempts:
        raise Refused(f"The library sent as many text messages this month as it may: {limit}.") from None
