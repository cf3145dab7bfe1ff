//! The straight line through values that were taken at equal steps (least squares; guide, section 4, capacity forecast).

/// The numbers are too large to be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

/// A line over the steps 0, 1, 2 …, as two fractions of one denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// What a step adds.
    pub slope: i128,
    /// Where it begins, at step 0.
    pub intercept: i128,
    /// What both are divided by; positive.
    pub below: i128,
}

impl Line {
    /// The line through some values; none through fewer than two.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn through(values: &[i64]) -> Result<Option<Self>, TooLarge> {
        if values.len() < 2 {
            return Ok(None);
        }
        let n = i128::try_from(values.len()).map_err(|_| TooLarge)?;
        let (sum_x, sum_xx) = ((0..n).sum::<i128>(), (0..n).map(|x| x * x).sum::<i128>());
        let ys = || values.iter().map(|y| i128::from(*y));
        let sum_y: i128 = ys().sum();
        let sum_xy = (0..n).zip(ys()).map(|(x, y)| x * y).sum::<i128>();
        // slope = (n·Σxy − Σx·Σy) / d; intercept = (Σy − slope·Σx) / n. Both over n·d.
        let d = n * sum_xx - sum_x * sum_x;
        let over_d = n.checked_mul(sum_xy).and_then(|a| a.checked_sub(sum_x.checked_mul(sum_y)?)).ok_or(TooLarge)?;
        let intercept = d.checked_mul(sum_y).and_then(|a| a.checked_sub(over_d.checked_mul(sum_x)?)).ok_or(TooLarge)?;
        let slope = over_d.checked_mul(n).ok_or(TooLarge)?;
        Ok(Some(Self { slope, intercept, below: n * d }))
    }
}

/// At which step the line through some values reaches a limit, rounded up; none where they do not grow.
///
/// # Errors
/// [`TooLarge`].
pub fn steps_to(values: &[i64], limit: i64) -> Result<Option<i64>, TooLarge> {
    let Some(line) = Line::through(values)?.filter(|line| line.slope > 0) else { return Ok(None) };
    let missing = i128::from(limit).checked_mul(line.below).and_then(|at| at.checked_sub(line.intercept));
    let missing = missing.ok_or(TooLarge)?;
    let steps = -(-missing).div_euclid(line.slope);
    i64::try_from(steps).map(Some).map_err(|_| TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_exact_and_the_step_is_rounded_up() {
        // The guide's T04a to T04c.
        assert_eq!(steps_to(&[50, 55, 60, 65, 70, 75], 85), Ok(Some(7)));
        assert_eq!(steps_to(&[61, 60, 62, 61], 80), Ok(Some(97)));
        assert_eq!(steps_to(&[410, 422, 431, 445, 452, 466, 474], 540), Ok(Some(13)));
        assert_eq!(steps_to(&[5, 5, 5], 9), Ok(None));
        assert_eq!(steps_to(&[9, 5], 9), Ok(None));
        assert_eq!(steps_to(&[9], 9), Ok(None));
        assert_eq!(steps_to(&[i64::MAX, i64::MIN, i64::MAX], 9), Ok(None));
    }
}
