//! `GET /configuration/{number}/impact`: what depends on a record, and what it depends on.

use axum::extract::State;
use axum::response::Response;

use crate::domain::refusal::{Refusal, rule};
use crate::flows::configuration::impact::{self, ImpactQuery};
use crate::http::caller::Caller;
use crate::http::input::{Params, Place};
use crate::http::problem::Problem;
use crate::http::reply;
use crate::http::site::Site;
use crate::http::table::{Answer, Group, Operation, Parameter, Value};

const DIRECTIONS: [&str; 3] = ["up", "down", "both"];

pub(in crate::http) static DOC: Operation = Operation {
    id: "readImpact",
    group: Group::Configuration,
    summary: "What depends on a record, and what it depends on",
    text: "For a configuration item, service, agreement, customer, contract or asset. `up` is everything that is \
           affected when the record is lost, to services, agreements and customers; `down` is everything whose loss \
           affects the record. Each has its distance, its shortest ways and its `impact`: `full` when it is lost \
           (down: when the record is lost with it), `degraded` when a redundancy group keeps it going. The members of \
           a group are the relations of one item with the same `group`, and an item with those that back it up: one \
           that is in operation and not lost is enough. Relations followed are `depends-on`, `runs-on` and `part-of` \
           between items (a part is lost with the whole), components and dependencies of services, agreements and \
           their underpinning, customers, contracts and assets; `connects` carries no impact. Retired records are \
           left out. Open incidents and changes are counted once, whatever number of the records found, or the record \
           itself, they name.",
    parameters: &[
        Parameter::query("direction", Value::OneOf(&DIRECTIONS), "`up` unless told otherwise."),
        Parameter::query("depth", Value::Whole(1, 1000), "Steps that relations are followed; 16 by default."),
        Parameter::query(
            "limit",
            Value::Whole(0, 1000),
            "Records listed in each direction, nearest first; 100 unless \
                          told otherwise. Counts are of all.",
        ),
        Parameter::query("paths", Value::Whole(1, 10), "Shortest ways told of each; 1 unless told otherwise."),
        Parameter::query("kind", Value::Text, "Lists records of this kind only, such as `service`."),
    ],
    answers: &[Answer::json(200, "Impact", "The impact.")],
    problems: &[400, 401, 403, 404, 422],
    ..Operation::PLAIN
};

pub(in crate::http) async fn run(
    State(site): State<Site>,
    caller: Caller,
    Place(number): Place<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let direction = params.take("direction")?.unwrap_or_else(|| "up".to_owned());
    if !DIRECTIONS.contains(&direction.as_str()) {
        let message = format!("direction has to be {}, not '{direction}'", DIRECTIONS.join(", "));
        return Err(Refusal::invalid(rule::ENUM, "direction", message).into());
    }
    let size = |value: i64| usize::try_from(value).unwrap_or(usize::MAX);
    let query = ImpactQuery {
        up: direction != "down",
        down: direction != "up",
        depth: params.take_whole("depth", 1, 1000)?.and_then(|depth| u32::try_from(depth).ok()),
        limit: size(params.take_whole("limit", 0, 1000)?.unwrap_or(100)),
        paths: size(params.take_whole("paths", 1, 10)?.unwrap_or(1)),
        kind: params.take("kind")?,
    };
    params.done()?;
    Ok(reply::ok(&impact::run(&site.desk, &caller, &number, &query).await?))
}
