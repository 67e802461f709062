"""`torch.utils.tensorboard.summary`: the records that a `SummaryWriter` writes, for `writer.file_writer.add_summary(record)`.

They are tensorboardX's. Scripts that put the values of `add_hparams` beside their other curves take three of `hparams`.
"""

from tensorboardX.summary import audio as audio
from tensorboardX.summary import custom_scalars as custom_scalars
from tensorboardX.summary import histogram as histogram
from tensorboardX.summary import histogram_raw as histogram_raw
from tensorboardX.summary import hparams as hparams
from tensorboardX.summary import image as image
from tensorboardX.summary import image_boxes as image_boxes
from tensorboardX.summary import mesh as mesh
from tensorboardX.summary import pr_curve as pr_curve
from tensorboardX.summary import pr_curve_raw as pr_curve_raw
from tensorboardX.summary import scalar as scalar
from tensorboardX.summary import text as text
from tensorboardX.summary import video as video
