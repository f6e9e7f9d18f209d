"""What the outbox writes leads to these forms: links of real messages, followed."""

import email
import email.policy
import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import structs

from raabta.model.subscription import Delivery
from raabta.pipeline.informing.composing import Composer, Task
from raabta.pipeline.informing.settings import Mail as MailSettings
from raabta.publish.message import Call, Mail
from tests.cases.subscribing import SETTINGS, Visitor
from tests.registry.specimens import KEY

WITH_MAIL = structs.replace(SETTINGS, mail=MailSettings(host="mx.example.pk", sender="desk@example.pk"))


def newest(visitor: Visitor) -> Mail | Call:
    """Make the message of the newest delivery."""
    composer = Composer(WITH_MAIL, KEY)
    with visitor.register.look() as records:
        delivery = max(records.find(Delivery), key=lambda one: (one.created_at, one.reason != "confirm"))
        (task,) = composer.look_up(records, [delivery], now=visitor.clock())
    assert isinstance(task, Task)
    made = composer.compose(task, now=visitor.clock())
    assert isinstance(made, Mail | Call)
    return made


def words_of(mail: Mail | Call) -> str:
    assert isinstance(mail, Mail)
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def path_of(text: str, name: str) -> str:
    (url,) = set(re.findall(rf"https://desk\.example\.pk/{name}/[a-z0-9-]+", text))
    return str(urlsplit(url).path)


def test_the_links_of_a_mail_confirm_and_change_a_subscription(tmp_path: Path) -> None:
    visitor = Visitor(tmp_path, settings=WITH_MAIL)
    visitor.post("/subscribe", {"address": "someone@example.pk", "l": "en", "language": "both"})
    assert visitor.post(path_of(words_of(newest(visitor)), "confirm")).status == 200
    visitor.clock.go_on(days=2)
    visitor.post("/subscribe", {"address": "someone@example.pk", "l": "en"})
    again = words_of(newest(visitor))
    assert visitor.post(path_of(again, "change"), {"language": "ur", "l": "en"}).status == 200
    assert [(one.state, one.language) for one in visitor.subscribers()] == [("confirmed", "ur")]
    swapped = path_of(again, "change").replace("change", "leave")
    assert visitor.post(swapped).status == 404
    visitor.register.close()


def test_a_webhook_is_confirmed_by_the_link_of_its_first_call(tmp_path: Path) -> None:
    visitor = Visitor(tmp_path)
    visitor.post("/subscribe", {"address": "https://hooks.example.pk/a", "channel": "webhook", "l": "en"})
    call = newest(visitor)
    assert isinstance(call, Call)
    url = json.loads(call.body)["data"]["confirm_url"]
    assert "whsec_" in visitor.post(urlsplit(url).path).text
    assert [one.state for one in visitor.subscribers()] == ["confirmed"]
    visitor.register.close()
