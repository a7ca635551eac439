"""What was seen: payloads of RTP become frames of video, and frames a file that plays.

Each codec has its payload format here, octets in, octets out; only `media/worker_container` knows a container.
"""
