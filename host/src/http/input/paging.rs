//! Pages of a list: how many entries, and after which of them.

use super::{Params, cursor};
use crate::http::problem::Problem;

/// The page of a list that a request asks for by `limit` and `cursor`.
pub(in crate::http) struct Paging {
    limit: i64,
    cursor: Option<String>,
}

impl Params {
    /// Takes `limit`, at most `most` and `usual` unless it is given, and `cursor`.
    pub(in crate::http) fn take_paging(&mut self, usual: i64, most: i64) -> Result<Paging, Problem> {
        let limit = self.take_whole("limit", 1, most)?.unwrap_or(usual);
        Ok(Paging { limit, cursor: self.take("cursor")? })
    }
}

impl Paging {
    /// Entries to be read: one more than is shown tells whether others follow.
    pub(in crate::http) fn to_read(&self) -> i64 {
        self.limit + 1
    }

    /// The place in the list that `list` names, with its order, after which the page begins; none for the first page.
    pub(in crate::http) fn after<const N: usize>(&self, list: &str) -> Result<Option<[String; N]>, Problem> {
        self.cursor.as_ref().map(|text| cursor::decode(list, text)).transpose()
    }

    /// The same for places that are numbers.
    pub(in crate::http) fn after_number(&self, list: &str) -> Result<Option<i64>, Problem> {
        let after = self.after(list)?;
        after.map(|[number]| number.parse().map_err(|_| cursor::unusable())).transpose()
    }

    /// Cuts what was read to the page; gives the cursor of the next one, if there is one.
    pub(in crate::http) fn cut<T, const N: usize>(
        &self,
        list: &str,
        read: &mut Vec<T>,
        place: impl FnOnce(&T) -> [String; N],
    ) -> Option<String> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = read.len() > limit;
        read.truncate(limit);
        let last = read.last().filter(|_| more)?;
        Some(cursor::encode(list, &place(last).each_ref().map(String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_page_ends_where_the_next_begins() {
        let all: Vec<i64> = (1..=5).collect();
        let mut paging = Paging { limit: 2, cursor: None };
        let mut pages = Vec::new();
        loop {
            let after = paging.after_number("numbers").unwrap().unwrap_or(0);
            let read = all.iter().filter(|n| **n > after).take(paging.to_read().try_into().unwrap());
            let mut page: Vec<i64> = read.copied().collect();
            let next = paging.cut("numbers", &mut page, |last| [last.to_string()]);
            pages.push(page);
            match next {
                None => break,
                next => paging.cursor = next,
            }
        }
        assert_eq!(pages, [vec![1, 2], vec![3, 4], vec![5]]);
        assert!(paging.after_number("other numbers").is_err());
    }
}
