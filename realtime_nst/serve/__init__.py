"""The web page: a browser's camera arrives over WebRTC and goes back painted, and so do films.

``server`` listens, ``access`` decides which requests are allowed, ``app`` routes them.
``session`` is one viewer, ``peer`` its WebRTC connection, ``studio`` what all viewers share.
``films`` has the films that viewers bring, each a ``film``, whose painting is a ``child`` process;
``film_routes`` takes and hands them out, ``examine`` is what finds out what a film is.
``connections``, ``guesses``, ``uploads``, ``intake`` and ``datagrams`` bound what strangers cost.

Needs the extra ``serve``; call ``packages.require`` before importing anything of this room.
"""
