"""What schemathesis cannot know of a description: which models there are, and what fits them.

Requests are to what there is, and a few to what there is not; many have what fits. The others are whatever the description allows,
or does not.
"""

import schemathesis


MODELS = {"FP32": "m", "BYTES": "texts", "BOOL": "flags"}


def either(there, schema):
    return {"anyOf": [there, schema]}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    parameters = raw_schema["components"]["parameters"]
    for name, there in [
        ("model", ["m", "two", "texts", "flags", "sum", "nobody"]),
        ("version", [0, 1, 2]),
        ("label", ["stable", "none"]),
    ]:
        parameters[name]["schema"] = {"enum": there}

    def exactly(properties):
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def some(items, least, most):
        return {"type": "array", "items": items, "minItems": least, "maxItems": most}

    number = {"type": "number", "minimum": -1e9, "maximum": 1e9}
    row = some(number, 3, 3)
    named = exactly({"b": some(number, 2, 2), "c": some(number, 2, 2)})
    boolean = {"type": "boolean"}
    sequence = exactly({"sequence_id": {"enum": [0, 1]}, "sequence_start": {"const": True}})
    texts = some({"type": "string"}, 1, 3)
    schemas = raw_schema["components"]["schemas"]
    schemas["PredictRequest"] = either(
        {
            "oneOf": [
                exactly({"instances": {"anyOf": [some(row, 1, 3), some(named, 1, 1), texts]}}),
                exactly({"inputs": {"anyOf": [some(row, 1, 3), exactly({"b": some(row, 1, 3)}), texts]}}),
            ]
        },
        schemas["PredictRequest"],
    )

    def infer(datatype, elements, count, **more):
        input = {
            "name": {"const": "b"},
            "shape": {"const": count},
            "datatype": {"const": datatype},
            "data": elements,
        }
        return exactly({"id": {"type": "string"}, "inputs": some(exactly(input), 1, 1), **more})

    schemas["InferRequest"] = either(
        {
            "oneOf": [
                infer("FP32", some(number, 6, 6), [2, 3]),
                infer("FP32", row, [1, 3], parameters=sequence),
                infer("BYTES", some({"type": "string"}, 2, 2), [2]),
                infer("BOOL", some(boolean, 2, 2), [2]),
            ]
        },
        schemas["InferRequest"],
    )


@schemathesis.hook
def before_call(context, case, kwargs):
    """Has what fits one model go to that, with no bytes behind the JSON: chance alone would hardly ever bring them together."""
    try:
        (input,) = case.body["inputs"]
        model = "sum" if "sequence_id" in case.body.get("parameters", {}) else MODELS[input["datatype"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        return
    if case.path_parameters["model"] in ("sum", *MODELS.values()):
        case.path_parameters["model"] = model
        (case.headers or {}).pop("Inference-Header-Content-Length", None)
