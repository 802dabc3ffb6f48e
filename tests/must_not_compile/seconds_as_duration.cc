// A bare number is no span of time: it does not say of which unit.
// refusal: conversion|could not convert
#include "base/time.h"

#ifdef MISUSE
twolane::Duration timeout() { return 120; }
#else
twolane::Duration timeout() { return twolane::seconds(120); }
#endif
