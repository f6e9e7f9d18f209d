"""What is sent, as bytes and values: e-mails, signed calls of webhooks, lines for chat services. Pure; sends nothing.

- ``letters``: the words of each message, in English and Urdu; data in ``data/letters.toml``
- ``mail``: a letter as an e-mail; ``webhook``: as a call signed as Standard Webhooks says; ``chat``: as a short text
"""

from raabta.publish.message.chat import Note
from raabta.publish.message.letters import Letter, Paragraph
from raabta.publish.message.mail import Mail, MailHead, write_mail
from raabta.publish.message.webhook import Call, write_call

__all__ = ["Call", "Letter", "Mail", "MailHead", "Note", "Paragraph", "write_call", "write_mail"]
