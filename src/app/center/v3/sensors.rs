//! Sensors as that API shows them.

use super::{V3Error, id_of, millis};
use crate::app::center::desk::DeskError;
use crate::app::center::state::Center;
use crate::app::center::turn::Turn;
use crate::app::center::words::{Series, SlotLine, Span};
use crate::engine::fleet::{SensorView, Standing};
use crate::model::ident::SensorId;
use crate::model::time::Now;
use serde_json::{Value, json};

/// More than thirty days are not kept.
const SPANS: [(&str, Span); 6] = [
    ("2h", Span::TwoHours),
    ("24h", Span::Day),
    ("7d", Span::Week),
    ("30d", Span::Month),
    ("180d", Span::Month),
    ("360d", Span::Month),
];

impl Center {
    pub(super) fn v3_sensors(&self, now: Now) -> Value {
        let mut views: Vec<_> = self.fleet.sensors(now).collect();
        views.sort_by(|one, other| one.sensor.id.cmp(&other.sensor.id));
        views.iter().map(overview).collect()
    }

    pub(super) fn v3_sensor(&self, id: &str, now: Now) -> Result<Value, DeskError> {
        Ok(self.v3_details(&self.v3_view(id, now)?, now))
    }

    /// With the bundle, since it is given out once.
    pub(super) fn v3_enroll(
        &mut self,
        name: &SensorId,
        platform: &str,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let bundle = self.enroll(name, platform, None, now, turn)?;
        let mut details = self.v3_sensor(&sensor_id(name), now)?;
        details["bundle"] = bundle["tar"].clone();
        Ok(details)
    }

    pub(super) fn v3_revoke(&mut self, id: &str, now: Now, turn: &mut Turn) -> Result<Value, DeskError> {
        let name = self.v3_view(id, now)?.sensor.id.clone();
        self.revoke(&name, now, turn)
    }

    pub(super) fn v3_snort(
        &mut self,
        id: &str,
        enable: bool,
        now: Now,
        turn: &mut Turn,
    ) -> Result<Value, DeskError> {
        let name = self.v3_view(id, now)?.sensor.id.clone();
        self.set_ids(&name, None, enable, now, turn)
    }

    /// Packets over time are kept for thirty days; what else that API has is not known here.
    pub(super) fn v3_stats(&mut self, id: &str, span: Option<&str>, now: Now) -> Result<Value, DeskError> {
        let span = SPANS.iter().find(|(name, _)| *name == span.unwrap_or("2h"));
        let (_, span) = span.ok_or(V3Error::Parameter("p is 2h, 24h, 7d, 30d, 180d or 360d"))?;
        let name = self.v3_view(id, now)?.sensor.id.clone();
        let series = self.series(&name, *span, now)?;
        let lately = self.series(&name, Span::TwoHours, now)?;
        let view = self.v3_view(id, now)?;
        let status = view.sensor.status.as_ref();
        let sum = |of: fn(&crate::model::message::InterfaceStatus) -> u64| {
            status.map(|status| status.interfaces.iter().map(of).fold(0_u64, u64::saturating_add))
        };
        let details = self.v3_details(&view, now);
        let text = |name: &str| details[name].clone();
        Ok(json!({
            "start": millis(series.start), "end": millis(series.end), "name": text("name"), "serial": text("serialNumber"),
            "ip": null, "mac": null, "status": details["status"]["operationalStatus"], "version": text("version"),
            "uptime": text("uptime"), "system_date": text("currentTime"), "snort_enabled": text("snortEnabled"),
            "filter": details["filter"], "cpu_usage": null, "ram_usage": null, "disk_usage": null,
            "disk_io_read": null, "disk_io_write": null, "pkt_count": sum(|it| it.received),
            "pkt_drop_count": sum(|it| it.dropped), "pkt_rate": rate(&lately), "pkt": packets(&series), "cpu": null,
            "ram": null, "disk": null, "network": [],
        }))
    }

    fn v3_view(&self, id: &str, now: Now) -> Result<SensorView<'_>, DeskError> {
        let mut views = self.fleet.sensors(now);
        Ok(views.find(|view| sensor_id(&view.sensor.id) == id).ok_or(V3Error::Unknown)?)
    }

    fn v3_details(&self, view: &SensorView<'_>, now: Now) -> Value {
        let status = view.sensor.status.as_ref();
        let mut details = overview(view);
        let more = json!({
            "ip": null, "netmask": null, "gateway": null, "version": status.map(|status| &status.version),
            "uptime": status.map(|status| status.uptime_seconds), "hardwareType": view.sensor.platform,
            "snortEnabled": self.has_ids(&view.sensor.id), "recording": null, "awaitingSync": view.missing > 0,
            "currentTime": status.map(|status| millis(status.sent)),
            "currentTimeLastUpdate": view.sensor.last_seen.map(millis), "lastUpdate": view.sensor.last_seen.map(millis),
            "collectInterface": null, "centerIp": null, "centerTime": millis(now.wall),
        });
        if let (Value::Object(details), Value::Object(more)) = (&mut details, more) {
            details.extend(more);
        }
        details
    }
}

fn packets(series: &Series) -> Value {
    let column = |of: fn(&SlotLine) -> u64| series.slots.iter().map(of).collect::<Vec<_>>();
    json!({"timestamp": column(|slot| millis(slot.at)), "processed": column(|slot| slot.processed),
        "dropped": column(|slot| slot.dropped)})
}

/// Packets a second in the last slot that is over.
fn rate(series: &Series) -> u64 {
    let over = series.end.millis().saturating_sub(series.slot_seconds * 1000);
    let last = series.slots.iter().rfind(|slot| slot.at.millis() <= over);
    let lately = last.filter(|slot| slot.at.millis() + 2 * series.slot_seconds * 1000 > series.end.millis());
    lately.map_or(0, |slot| slot.processed / series.slot_seconds)
}

fn sensor_id(name: &SensorId) -> String {
    id_of("sensor", name.as_str())
}

fn overview(view: &SensorView<'_>) -> Value {
    let sensor = view.sensor;
    let filters: Vec<&str> = view.filters.iter().map(|(_, filter)| *filter).collect();
    let filter = match filters.as_slice() {
        [] => json!({"capture_mode": "all", "custom_input": ""}),
        some => json!({"capture_mode": "custom", "custom_input": some.join("; ")}),
    };
    let (enrolled, works) = standing(view.standing);
    json!({
        "id": sensor_id(&sensor.id), "name": sensor.id, "serialNumber": sensor.id, "model": sensor.platform,
        "mac": null, "centerId": null, "certificateSerial": sensor.certificate.serial,
        "creationTime": millis(sensor.enrolled_at), "filter": filter,
        "status": {"enrollmentStatus": enrolled, "operationalStatus": works,
            "lastReceivedSysinfo": sensor.last_seen.map(millis)},
    })
}

const fn standing(standing: Standing) -> (&'static str, &'static str) {
    match standing {
        Standing::Never => ("ENROLLED", "NEVER_CONNECTED"),
        Standing::Online => ("ENROLLED", "CONNECTED"),
        Standing::Offline => ("ENROLLED", "DISCONNECTED"),
        Standing::Silent => ("ENROLLED", "SILENT"),
        Standing::Revoked => ("REVOKED", "DISCONNECTED"),
    }
}
