//! May this sensor run Subscriber rules? Leases, their issue on the Center and the gate on the sensor.
//!
//! Named, and not built yet.
