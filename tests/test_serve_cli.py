"""``realtime-nst serve`` as a person types it."""

import datetime
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest

pytest.importorskip("aiortc", reason="needs the extra serve")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from serve_factory import get, run

from realtime_nst import packages

PATIENCE = 60


def few_descriptors():
    resource = pytest.importorskip("resource")
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


@contextmanager
def started(*arguments, **options):
    """The running command, and what it said up to the address."""
    code = "import sys; from realtime_nst.cli import main; sys.exit(main())"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield process, process.stdout.readline()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_says_where_whatever_connects_and_ends_cleanly(style, number, tmp_path):
    arguments = ("--port", 0, "--style", style, "--provider", "cpu")
    (tmp_path / "temporary").mkdir()
    own = {"preexec_fn": few_descriptors, "env": {**os.environ, "TMPDIR": tmp_path / "temporary"}}
    with started(*arguments, **own) as (process, said), ExitStack() as idle:
        port = re.fullmatch(r"open http://127\.0\.0\.1:(\d+)/\n", said)[1]
        for _ in range(100):
            idle.enter_context(socket.create_connection(("127.0.0.1", int(port))))
        assert run(get(f"http://127.0.0.1:{port}/health"))[1] == '{"status": "ok"}'
        assert list((tmp_path / "temporary").iterdir())  # for viewers' pictures
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "stopped\n", "")
    assert not list((tmp_path / "temporary").iterdir())


def test_off_loopback_it_makes_a_token_and_speaks_of_cameras(style):
    arguments = ("--host", "0.0.0.0", "--port", 0, "--style", style, "--provider", "cpu")
    with started(*arguments) as (process, said):
        address = re.fullmatch(r"open http://[^:]+:(\d+)/\?token=(\S{22})\n", said)
        port, token = address.groups()
        here = f"http://127.0.0.1:{port}/"
        assert run(get(here))[0] == 401
        assert run(get(f"{here}?token={token}"))[0] == 303
        assert run(get(here, headers={"Authorization": f"Bearer {token}"}))[0] == 200
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert "HTTPS" in err
    assert "--certificate" in err


def test_with_a_certificate_it_serves_https(style, tmp_path):
    certificate, key = _certificate(tmp_path)
    arguments = ("--port", 0, "--style", style, "--provider", "cpu", "--host", "0.0.0.0")
    files = ("--certificate", certificate, "--key", key)
    with started(*arguments, *files, "--token", "open-sesame") as (process, said):
        port = re.fullmatch(r"open https://[^:]+:(\d+)/\?token=open-sesame\n", said)[1]
        trust = ssl.create_default_context(cafile=str(certificate))
        status, _, headers = run(get(f"https://localhost:{port}/?token=open-sesame", ssl=trust))
        assert status == 303
        assert "Secure" in headers["Set-Cookie"]
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE)[1] == ""


def test_a_port_in_use_is_named(cli, style):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = _refused(cli, "--port", port, "--style", style)
    assert f"port {port} of 127.0.0.1 is in use" in error
    assert "--port 0" in error


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", 70000], ["70000", "--port"]),
        (["--host", "198.51.100.1"], ["198.51.100.1", "--host"]),
        (["--host", "no such host"], ["no such host", "--host"]),
        (["--host", "no..such"], ["no..such", "--host"]),
        (["--token", "short"], ["--token", "8"]),
        (["--token", ""], ["--token", "8"]),
        (["--sessions", 0], ["--sessions", "0"]),
        (["--sessions", 10**9], ["--sessions 1000000000", "from 1 to 1000"]),
        (["--ice-server", "http://example.org"], ["http://example.org", "stun:HOST:PORT"]),
        (["--ice-server", "turn:turn.example"], ["turn.example", "USER:PASSWORD"]),
        (["--ice-server", "turn:me:it@turn.example?transport=sctp"], ["sctp", "?transport=tcp"]),
        (["--key", "key.pem"], ["key.pem", "--certificate"]),
        (["--certificate", "none.pem"], ["none.pem", "PEM"]),
        (["--certificate", __file__], ["test_serve_cli.py", "PEM"]),
        (["--strength", 1.5], ["strength", "1.5"]),
        (["--stabilise", "stong"], ["'strong'"]),
        (["--style", "great_wav"], ["'great_wave'"]),
    ],
    ids=str,
)
def test_what_cannot_be_is_one_line(cli, style, arguments, words):
    error = _refused(cli, "--port", 0, "--style", style, *arguments)
    assert all(word in error for word in words), error


def test_without_the_packages_it_says_how_to_get_them(cli, monkeypatch):
    monkeypatch.setattr(packages, "find_spec", {"aiohttp": object()}.get)
    code, _, said = cli("serve")
    assert code == 1
    assert 'pip install "realtime_nst[serve]"' in said


def _refused(cli, *arguments):
    code, _, said = cli("serve", *arguments)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


def _certificate(folder):
    """Files of a certificate for localhost, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "certificate.pem", folder / "key.pem"
