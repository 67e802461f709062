"""`torch.distributed.constants`: how long processes wait for one another."""

from datetime import timedelta

default_pg_timeout = timedelta(minutes=30)
