"""Hooks for Schemathesis: a header value with control characters is no HTTP request (RFC 9110 §5.5); the server library
answers it before the program sees it."""

import schemathesis


@schemathesis.hook
def filter_headers(_context, headers):
    values = (headers or {}).values()
    return all(character.isprintable() for value in values for character in str(value))
