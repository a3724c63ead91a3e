"""The web page: a browser's camera over WebRTC, painted, and back.

``app`` routes requests, ``access`` decides which are let in, ``session`` is one viewer, ``studio``
what all viewers share, ``server`` the socket it all stands on. Needs the extra ``serve``; call
``packages.require`` before importing anything of this room.
"""
