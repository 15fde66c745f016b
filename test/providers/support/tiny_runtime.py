"""The least that a runtime is: a port that demands its key. Prints its environment, secrets and all."""

import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.headers.get("Authorization") != f"Bearer {os.environ['API_KEY']}":
            return self.answer(401, {})
        self.answer(200, {"argv": sys.argv[1:], "env": dict(os.environ), "pid": os.getpid()})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        for name, value in os.environ.items():
            print(f"{name}={value}", flush=True)


http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
