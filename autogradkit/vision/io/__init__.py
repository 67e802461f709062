"""Images read from files and written to them, as tensors of bytes (C, H, W): torchvision's `io`."""

from autogradkit.core.absent import absent_from as _absent_from
from autogradkit.vision.io.image import ImageReadMode as ImageReadMode
from autogradkit.vision.io.image import decode_gif as decode_gif
from autogradkit.vision.io.image import decode_image as decode_image
from autogradkit.vision.io.image import decode_jpeg as decode_jpeg
from autogradkit.vision.io.image import decode_png as decode_png
from autogradkit.vision.io.image import decode_webp as decode_webp
from autogradkit.vision.io.image import encode_jpeg as encode_jpeg
from autogradkit.vision.io.image import encode_png as encode_png
from autogradkit.vision.io.image import read_file as read_file
from autogradkit.vision.io.image import read_image as read_image
from autogradkit.vision.io.image import write_file as write_file
from autogradkit.vision.io.image import write_jpeg as write_jpeg
from autogradkit.vision.io.image import write_png as write_png

__getattr__ = _absent_from("vision.io")
