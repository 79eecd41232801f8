"""moto in this process: SQS, SNS, S3, IAM, Route 53, CloudWatch and STS behind the front."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import ThreadedMotoServer

LOOPBACK = "127.0.0.1"


@asynccontextmanager
async def moto_server() -> AsyncIterator[str]:
    """Serve moto on a free local port while the block runs, and yield its URL.

    moto keeps its state in the process: it is emptied at the start, so one process runs one
    sandbox at a time. Nothing of it ever leaves the machine: it is the server, not a client.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    BackendDict.reset()
    reset_model_data()
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    await asyncio.to_thread(server.start)
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        await asyncio.to_thread(server.stop)
