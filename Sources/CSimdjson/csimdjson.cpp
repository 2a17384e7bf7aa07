#include "csimdjson.h"

#include <simdjson.h>

#include <new>

using namespace simdjson;

struct csimdjson_parser {
    dom::parser *dom;
    size_t depth_max;
};

// A parser grows to the largest document it has seen. One large document must not keep its memory for good.
static const size_t generous = 256 * 1024;
static const size_t small = 64 * 1024;

static dom::parser *make_parser(size_t depth_max) noexcept {
    dom::parser *dom = new (std::nothrow) dom::parser();
    if (!dom) return nullptr;
    if (dom->allocate(1024, depth_max)) {
        delete dom;
        return nullptr;
    }
    return dom;
}

extern "C" csimdjson_parser *csimdjson_create(size_t depth_max) {
    csimdjson_parser *parser = new (std::nothrow) csimdjson_parser{nullptr, depth_max};
    if (!parser) return nullptr;
    parser->dom = make_parser(depth_max);
    if (!parser->dom) {
        delete parser;
        return nullptr;
    }
    return parser;
}

extern "C" void csimdjson_destroy(csimdjson_parser *parser) {
    if (!parser) return;
    delete parser->dom;
    delete parser;
}

static csimdjson_status status_of(error_code error) noexcept {
    switch (error) {
    case SUCCESS: return CSIMDJSON_OK;
    case UTF8_ERROR: return CSIMDJSON_NOT_UTF8;
    case DEPTH_ERROR: return CSIMDJSON_TOO_DEEP;
    case NUMBER_ERROR:
    case NUMBER_OUT_OF_RANGE: return CSIMDJSON_NUMBER;
    case MEMALLOC: return CSIMDJSON_NO_MEMORY;
    case EMPTY: return CSIMDJSON_EMPTY;
    default: return CSIMDJSON_MALFORMED;
    }
}

extern "C" csimdjson_status csimdjson_parse(
    csimdjson_parser *parser, const uint8_t *bytes, size_t count, csimdjson_document *document) {
    if (count == 0) return CSIMDJSON_EMPTY;
    if (count <= small && parser->dom->capacity() > generous) {
        dom::parser *fresh = make_parser(parser->depth_max);
        if (!fresh) return CSIMDJSON_NO_MEMORY;
        delete parser->dom;
        parser->dom = fresh;
    }
    auto result = parser->dom->parse(bytes, count, true);
    if (result.error()) return status_of(result.error());
    document->tape = parser->dom->doc.tape.get();
    document->strings = parser->dom->doc.string_buf.get();
    return CSIMDJSON_OK;
}
