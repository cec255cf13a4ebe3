"""A token endpoint (RFC 6749) with introspection (RFC 7662), on loopback."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


@dataclass
class TokenEndpoint:
    """What it knows, and what it was asked."""

    username: str
    client: tuple[str, str] = ("postfax", "client secret &=%")
    refresh_tokens: set[str] = field(default_factory=lambda: {"refresh-0"})
    rotates: bool = False
    """Whether every refresh token can be used once."""
    life: object = 3600
    good: set[str] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    answer: tuple[int, bytes] | None = None
    """Given to everybody instead of the right one."""
    url: str = ""

    def token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        self.asked.append(form)
        if form.get("client_id") != self.client[0]:
            return 401, {"error": "invalid_client", "error_description": "no such application"}
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] not in self.refresh_tokens:
                return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: expired"}
        elif form.get("client_secret") != self.client[1]:
            return 401, {"error": "invalid_client", "error_description": "wrong secret"}
        members: dict[str, Any] = {"access_token": f"access-{len(self.asked)}", "token_type": "Bearer"}
        self.good.add(members["access_token"])
        if self.life is not None:
            members["expires_in"] = self.life
        if self.rotates:
            self.refresh_tokens = {f"refresh-{len(self.asked)}"}
            members["refresh_token"] = f"refresh-{len(self.asked)}"
        return 200, members

    def introspect(self, form: dict[str, str]) -> dict[str, Any]:
        return {"active": form.get("token") in self.good, "username": self.username}


@contextlib.contextmanager
def token_endpoint(username: str) -> Iterator[TokenEndpoint]:
    """An endpoint that answers, for a while."""
    state = TokenEndpoint(username)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            octets = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            form = {name: values[0] for name, values in parse_qs(octets.decode()).items()}
            if self.path == "/introspect":
                code, body = 200, json.dumps(state.introspect(form)).encode()
            elif state.answer:
                code, body = state.answer
            else:
                code, members = state.token(form)
                body = json.dumps(members).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        state.url = f"http://127.0.0.1:{listener.server_address[1]}"
        thread = threading.Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield state
        finally:
            listener.shutdown()
            thread.join()
