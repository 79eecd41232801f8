"""moto in this process: SQS, SNS, S3, IAM, Route 53, CloudWatch and STS behind the front."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from moto.core.base_backend import AccountSpecificBackend, BackendDict
from moto.core.model_instances import reset_model_data
from moto.server import ThreadedMotoServer
from moto.sqs.models import Queue

LOOPBACK = "127.0.0.1"
RACING = "pending_message_groups"
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@asynccontextmanager
async def moto_server() -> AsyncIterator[str]:
    """Serve moto on a free local port while the block runs, and yield its URL.

    moto keeps its state in the process: it is emptied at the start, so one process runs one
    sandbox at a time. Nothing of it ever leaves the machine: it is the server, not a client.
    """
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    _prepare()
    server = ThreadedMotoServer(ip_address=LOOPBACK, port=0, verbose=False)
    await asyncio.to_thread(server.start)
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        await asyncio.to_thread(server.stop)


def _prepare() -> None:
    """Empty moto's state, and let it learn the Regions without the machine's AWS profile.

    moto asks botocore for them once; a profile in the environment that no file describes would
    make every call fail.
    """
    BackendDict.reset()
    reset_model_data()
    # Two receivers at once fail on this set, which one thread changes while another walks
    # through it; only FIFO queues use it, and SES knows none (ses-facts 2.3).
    setattr(Queue, RACING, property(_no_groups))
    with _without_profile():
        AccountSpecificBackend.get_session().get_available_partitions()


def _no_groups(_queue: Queue) -> set[str]:
    return set()


@contextmanager
def _without_profile() -> Iterator[None]:
    kept = {name: os.environ.pop(name) for name in _PROFILES if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
