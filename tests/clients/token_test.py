"""A server with a token: clients send it as the password of their host."""
import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from dd_client import DDClient, HTTPError  # noqa: E402
from server import Server  # noqa: E402


class TokenTest(unittest.TestCase):
    def test_only_with_the_token(self):
        with Server("--token", "secret") as server:
            for host in ("127.0.0.1", "x:wrong@127.0.0.1", "x:@127.0.0.1", "secret:x@127.0.0.1"):
                for call in (lambda c: c.info(), lambda c: c.post_predict("net", ["x"]), lambda c: c.delete_service("net")):
                    with self.assertRaises(HTTPError) as caught:
                        call(DDClient(host, server.port))
                    self.assertEqual(caught.exception.status, 401)
                    self.assertEqual(json.loads(caught.exception.body)["status"]["code"], 401)
                    self.assertEqual(caught.exception.headers["content-type"], "application/json")
            self.assertEqual(DDClient("x:secret@127.0.0.1", server.port).info()["status"]["code"], 200)
            bearer = DDClient("127.0.0.1", server.port)
            bearer.headers["Authorization"] = "Bearer secret"
            self.assertEqual(bearer.info()["status"]["code"], 200)


if __name__ == "__main__":
    unittest.main()
