#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A reusable simdjson DOM parser. Not thread-safe.
typedef struct csimdjson_parser csimdjson_parser;

/// A parsed document: simdjson's tape (see simdjson, doc/tape.md) and the unescaped strings it points into.
/// Valid until the parser parses again or is destroyed.
typedef struct {
    const uint64_t *tape;
    const uint8_t *strings;
} csimdjson_document;

typedef enum {
    CSIMDJSON_OK = 0,
    CSIMDJSON_MALFORMED = 1,
    CSIMDJSON_NOT_UTF8 = 2,
    CSIMDJSON_TOO_DEEP = 3,
    /// A number that is malformed, or beyond 64 bits (integers) or the range of a double.
    CSIMDJSON_NUMBER = 4,
    CSIMDJSON_NO_MEMORY = 5,
    CSIMDJSON_EMPTY = 6,
} csimdjson_status;

/// NULL if memory is out.
csimdjson_parser *csimdjson_create(size_t depth_max);
void csimdjson_destroy(csimdjson_parser *parser);

/// Parses a copy of `bytes`; needs no padding after them and never throws.
csimdjson_status csimdjson_parse(
    csimdjson_parser *parser, const uint8_t *bytes, size_t count, csimdjson_document *document);

#ifdef __cplusplus
}
#endif
