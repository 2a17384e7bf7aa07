#pragma once
#include <openssl/evp.h>
#include <openssl/cmac.h>
