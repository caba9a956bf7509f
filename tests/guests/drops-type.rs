//! As `calm`, but without the type `reminder.due`.

struct DropsType;

impl tidegate_guests::Guest for DropsType {
    const TYPES: &'static [&'static str] = &[
        "reminder.cancelled",
        "reminder.scheduled",
        "task.completed",
        "task.created",
        "task.deleted",
        "task.updated",
    ];
}

tidegate_guests::export!(DropsType);
