"""The page that says what this service is, whom to write to, and how to check its answers."""

import html

from raabta import __version__
from raabta.control.identity import ControlIdentity
from raabta.control.settings import ControlSettings

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="robots" content="noindex">
<title>Raabta control: what does this target look like from here?</title>
<style>body {{ font: 16px/1.5 sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em }}
code {{ overflow-wrap: anywhere }}</style>
<h1>This is a Raabta control</h1>
<p>Raabta finds out why a service cannot be reached from a network: a fault, or interference. A member's probe asks this
server to look at the same public service from here, and compares. If you see requests from this address in your logs,
that is why: one lookup, a few connections and one page, as any visitor causes.</p>
<p><strong>Questions, complaints, leave me out:</strong> {contact}</p>
<h2>What is kept</h2>
<p>Nothing of who asked or what was asked: there is no log. To share the service fairly it counts requests by a keyed
hash of the address; the key is random, is never stored and is thrown away with all counts every hour.</p>
<h2>What it does not do</h2>
<p>It connects to public addresses only, on ports {ports}, and follows at most {redirects} redirects to such addresses.
A client may ask {burst:.0f} times at once and {per_s:g} times a second after that.{token}</p>
<h2>How to check its answers</h2>
<p>Answers are signed with Ed25519 (header <code>X-Raabta-Signature</code>).</p>
<ul><li>key of the signatures: <code>{key}</code></li>
<li>pin of the certificate: <code>{pin}</code></li></ul>
<h2>How to ask</h2>
<p>OONI's test-helper format: <code>POST /</code> with <code>{{"http_request": "https://example.com/",
"http_request_headers": {{}}, "tcp_connect": ["ADDRESS:443"]}}</code>. <code>GET /speed?bytes=N</code> sends N bytes, at
most a million. <code>POST /receipt</code> with a key, a nonce, the time and a signature gives back, signed, the address
that the client came from, so that a member can prove it; neither key nor address is kept. Software: Raabta {version},
Apache-2.0.</p>
</html>
"""


def about_page(settings: ControlSettings, identity: ControlIdentity) -> bytes:
    """Give the page, HTML in UTF-8."""
    limits = settings.limits
    return _PAGE.format(
        contact=html.escape(settings.contact) or "the operator named no contact",
        ports=", ".join(map(str, sorted(settings.ports))),
        redirects=limits.max_redirects,
        burst=limits.rate.burst,
        per_s=limits.rate.per_s,
        token=" Questions need a token." if settings.tokens else "",
        key=identity.public_key,
        pin=identity.pin,
        version=__version__,
    ).encode()
