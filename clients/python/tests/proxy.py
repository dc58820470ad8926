"""A proxy of TCP whose connections can be cut."""

from __future__ import annotations

import socket
import threading
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on until it is cut."""

    def __init__(self, url):
        place = urlsplit(url)
        self._to = (place.hostname, place.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self._listener.getsockname()[1]
        self._next = None
        self._open = []
        self._lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Cuts all connections, and takes no new ones."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # to close it wakes nobody who accepts
        except OSError:
            pass
        self._listener.close()
        self.cut()

    def cut(self):
        """Cuts all connections; new ones work."""
        with self._lock:
            for end in self._open:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
            self._open = []

    def then(self, do):
        """Has something done at the next connection."""
        with self._lock:
            self._next = do

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._to)
            except OSError:
                return
            with self._lock:
                self._open += [near, far]
                do, self._next = self._next, None
            if do:
                do()
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    @staticmethod
    def _pass(source, target):
        try:
            while True:
                chunk = source.recv(65536)
                if not chunk:
                    break
                target.sendall(chunk)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
