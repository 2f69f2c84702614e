"""Prints the operations named on the command line as botocore's installed model has them, in the notation of our shapes.

One line for each member and each enum; the Rust test beside this file compares them with ours."""

import sys

from botocore.loaders import Loader

SIMPLE = {"string": "str", "integer": "int", "long": "long", "double": "double", "boolean": "bool",
          "timestamp": "time", "blob": "blob"}


class Model:
    def __init__(self, service):
        model = Loader().load_service_model(service, "service-2")
        self.shapes, self.operations = model["shapes"], model["operations"]
        self.structures, self.enums = {}, {}

    def operation(self, name):
        for side in ("input", "output"):
            if side in self.operations[name]:
                self.members(f"{name} {side}", self.shapes[self.operations[name][side]["shape"]])

    def members(self, name, shape):
        if name in self.structures:
            return
        self.structures[name] = lines = []
        for member, of in shape["members"].items():
            mark = "*" if member in shape.get("required", []) else ""
            lines.append(f"{name}.{member}{mark}: {self.type(of['shape'])}")

    def type(self, name):
        shape = self.shapes[name]
        kind = shape["type"]
        if kind == "structure":
            self.members(name, shape)
            text = name
        elif "enum" in shape:
            self.enums[name] = f"enum {name} {' '.join(shape['enum'])}"
            text = name
        elif kind == "list":
            text = f"[{self.type(shape['member']['shape'])}]"
        elif kind == "map":
            text = f"map<{self.type(shape['key']['shape'])}, {self.type(shape['value']['shape'])}>"
        else:
            text = SIMPLE[kind]
        if "min" in shape or "max" in shape:
            low, high = (str(int(shape[side])) if side in shape else "" for side in ("min", "max"))
            text += f" {low}..{high}"
        if "pattern" in shape:
            # A pattern is enclosed in slashes here; its own are escaped, as ours are when they are printed.
            text += " /" + shape["pattern"].replace("\\/", "/").replace("/", "\\/") + "/"
        return ("secret " if shape.get("sensitive") else "") + text


def main():
    model = Model(sys.argv[1])
    for name in sys.argv[2:] or model.operations:
        model.operation(name)
    for lines in model.structures.values():
        print(*lines, sep="\n", end="\n" if lines else "")
    print(*model.enums.values(), sep="\n")


main()
