"""What operators show instead of a site: notices of blocking, and a portal's sign-in page. Pure.

The wording follows notices that are known from the field; some of it stands in ``reference/refusals.toml`` and
``reference/fingerprints.toml``, and some stands nowhere, since a probe meets pages that nobody has catalogued.
"""

import html
from typing import Final

from raabta.lab.servers.pages import HTML, Headers, Response, redirect

_ENGLISH: Final = (
    "<h1>Surf Safely!</h1><p>This website is not accessible.</p><p>The site you are trying to access contains content "
    "that is prohibited for viewership from within Pakistan.</p>"
)
_URDU: Final = (
    "<h1>اطلاع</h1><p>اس ویب سائٹ تک رسائی ممنوع ہے۔ ادارے کی ہدایت پر یہ ویب سائٹ بلاک کر دی گئی ہے۔</p>"
    "<p>This website has been blocked.</p>"
)
_LEGAL: Final = (
    "<h1>Access to this website has been blocked</h1><p>{host} is blocked by order of the authority, in compliance "
    "with the order of the court. Reference: 4471/2024.</p>"
)
_UNKNOWN: Final = (
    "<h1>Dear subscriber</h1><p>The page that you asked for cannot be opened on our network at this time. For "
    "questions please call our service centre.</p>"
)
_NOTICES: Final = (
    ("en", "Surf Safely!", _ENGLISH),
    ("ur", "اطلاع", _URDU),
    ("en", "Access Denied", _LEGAL),
    ("en", "Notice to subscribers", _UNKNOWN),
)


def blocking_notice(host: str, *, variant: int, status: int = 200) -> Response:
    """Make an operator's notice of blocking. The last variant says nothing that any catalogue knows."""
    lang, title, text = _NOTICES[variant % len(_NOTICES)]
    style = "body{font-family:sans-serif;text-align:center;margin-top:12%} p{color:#444}"
    shown = text.replace("{host}", html.escape(host))
    body = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{style}</style></head><body>{shown}</body></html>"
    )
    headers: Headers = (("cache-control", "no-store"), *HTML)
    return Response(status=status, headers=headers, body=body.encode())


def portal_redirect(gateway: str, *, port: int, wanted: str) -> Response:
    """Send a visitor to the portal's sign-in page."""
    return redirect(f"http://{gateway}:{port}/login?next={wanted}").but(headers=(("cache-control", "no-store"),))


def sign_in_page() -> Response:
    """Make the portal's sign-in page, with the tag that hotspots put for clients (WISPr)."""
    body = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in to Wi-Fi</title></head><body>'
        '<h1>Welcome to Guest Wi-Fi</h1><form method="post" action="/login"><input name="room" placeholder="Room">'
        '<input name="code" placeholder="Voucher"><button>Connect</button></form>'
        "<!-- <WISPAccessGatewayParam><Redirect><MessageType>100</MessageType><ResponseCode>0</ResponseCode>"
        "</Redirect></WISPAccessGatewayParam> --></body></html>"
    )
    return Response(headers=(("cache-control", "no-store"), *HTML), body=body.encode())
