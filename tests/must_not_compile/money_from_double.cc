// Money is never a floating-point number.
// refusal: conversion|could not convert
#include "base/money.h"

#ifdef MISUSE
twolane::PicoUsd price() { return 0.15; }
#else
twolane::PicoUsd price() { return twolane::PicoUsd::from_usd(15); }
#endif
