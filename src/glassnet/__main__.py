"""`python -m glassnet`: the same as the program `glassnet`."""

from glassnet.cli import main

if __name__ == "__main__":
    main()
