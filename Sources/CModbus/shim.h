#pragma once
#include <errno.h>
#include <modbus/modbus.h>

// Macros with a cast or a sum do not import.
enum { cmodbus_enobase = MODBUS_ENOBASE, cmodbus_bad_crc = EMBBADCRC, cmodbus_bad_slave = EMBBADSLAVE, cmodbus_bad_data = EMBBADDATA };
