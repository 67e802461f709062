"""What every picture is made of: an SVG string, numbers, axes, small pixels."""
