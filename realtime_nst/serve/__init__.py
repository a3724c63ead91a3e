"""The web page: a browser's camera arrives over WebRTC and goes back painted.

``server`` listens, ``access`` decides which requests are allowed, ``app`` routes them.
``session`` is one viewer, ``peer`` its WebRTC connection, ``studio`` what all viewers share.
``connections``, ``guesses``, ``uploads``, ``intake`` and ``datagrams`` bound what strangers cost.

Needs the extra ``serve``; call ``packages.require`` before importing anything of this room.
"""
