"""GET /hello?name=Ada answers with a greeting, as text or as JSON."""

import os

import flask

LONGEST_NAME = 100


def hello(request: flask.Request):
    name = request.args.get("name", "world").strip()
    if not 0 < len(name) <= LONGEST_NAME:
        return {"error": f"name must have 1 to {LONGEST_NAME} characters, found {len(name)}"}, 400
    greeting = f"{os.environ.get('GREETING', 'Hello')}, {name}!"
    if request.accept_mimetypes.best_match(["text/plain", "application/json"]) == "application/json":
        return {"greeting": greeting}
    return flask.Response(f"{greeting}\n", mimetype="text/plain")
