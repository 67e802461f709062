"""Every op at hard points beside PyTorch; see __main__.py for the command and its parts."""
