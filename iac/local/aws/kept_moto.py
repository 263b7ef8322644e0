"""
moto, A STAND-IN FOR AWS, that keeps what it was given: what a cell needs of its root key, its secrets and its objects tomorrow is on the disk before
it is answered. Moto itself keeps everything in memory. Usage: kept_moto.py PORT FOLDER. Ends when its standard input is closed.
"""

import hashlib
import os
import pickle
import re
import signal
import sys
import threading
from urllib.parse import unquote

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key
from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

ACCOUNT = "123456789012"
# Small, and written whole. What only reads is not written, nor what encrypts.
WHOLE = {"kms": ("keys", "key_to_aliases"), "secretsmanager": ("secrets",)}
READS = re.compile(r"\.(Encrypt|Decrypt|ReEncrypt|GenerateDataKey|Describe|List|Get|Sign|Verify)")
SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")


class Keeper:
    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()

    def restore(self):
        for root, _, names in os.walk(self.folder):
            # The bucket before what is in it: each object has a copy, as the bucket was then.
            for name in sorted((name for name in names if name.endswith(".kept")), key=lambda name: name != "bucket.kept"):
                with open(os.path.join(root, name), "rb") as file:
                    self.put_back(os.path.relpath(os.path.join(root, name), self.folder).split(os.sep), pickle.load(file))

    def put_back(self, place, kept):
        service = place[0]
        if service in WHOLE:
            get_backend(service)[ACCOUNT][place[1].removesuffix(".kept")].__dict__.update(kept)
            return
        name = kept["bucket"].name
        # Whose name it is stands apart: without it the bucket could be made again, empty.
        get_backend("s3").bucket_accounts[name] = ("aws", ACCOUNT)
        bucket = get_backend("s3")[ACCOUNT]["aws"].buckets.setdefault(name, kept["bucket"])
        for versions in kept["keys"]:
            bucket.keys.setlist(versions[-1].name, versions)

    def keep(self, service, region, path):
        if service in WHOLE:
            backend = get_backend(service)[ACCOUNT][region]
            self.write([service, region], {name: getattr(backend, name) for name in WHOLE[service]})
        elif service == "s3":
            name, _, key = unquote(path.lstrip("/")).partition("/")
            self.keep_object(name, key)

    def keep_object(self, name, key):
        bucket = get_backend("s3")[ACCOUNT]["aws"].buckets.get(name)
        if bucket is None:
            return
        versions = bucket.keys.getlist(key) or [] if key else []
        place = ["s3", name, hashlib.sha256(key.encode()).hexdigest() if key else "bucket"]
        if key and not versions:
            self.remove(place)
        else:
            self.write(place, {"bucket": empty(bucket), "keys": [versions] if versions else []})

    def write(self, place, value):
        path = os.path.join(self.folder, *place) + ".kept"
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        beside = path + ".part"
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            Pickler(file).dump(value)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)

    def remove(self, place):
        path = os.path.join(self.folder, *place) + ".kept"
        if os.path.exists(path):
            os.unlink(path)


def empty(bucket):
    """The bucket without what is in it."""
    shell = object.__new__(type(bucket))
    shell.__dict__.update(bucket.__dict__, keys=type(bucket.keys)())
    return shell


class Pickler(pickle.Pickler):
    """Private keys are pickled as PKCS #8: moto makes one for every key of KMS."""

    def reducer_override(self, obj):
        if isinstance(obj, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
            return load_private_key, (obj.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),)
        return NotImplemented


def load_private_key(der):
    return load_der_private_key(der, None)


def keeping(app, keeper):
    """What changes anything is answered one after the other, each when it is kept."""

    def answer(environ, start_response):
        scope = SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if scope is None or environ["REQUEST_METHOD"] in ("GET", "HEAD") or READS.search(environ.get("HTTP_X_AMZ_TARGET", "")):
            return app(environ, start_response)
        with keeper.lock:
            body = list(app(environ, start_response))
            keeper.keep(scope[2], scope[1], environ["PATH_INFO"])
            return body

    return answer


def main():
    port, folder = int(sys.argv[1]), sys.argv[2]
    os.environ["MOTO_PORT"] = str(port)
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: os._exit(0))
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    keeper = Keeper(folder)
    keeper.restore()
    run_simple("127.0.0.1", port, keeping(DomainDispatcherApplication(create_backend_app), keeper), threaded=True)


main()
