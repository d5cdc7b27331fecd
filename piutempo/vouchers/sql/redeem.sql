-- Spend titles, or an amount of a balance voucher: one conditional UPDATE with every guard in it (docs/rules/redemption.md).
-- It answers a row or nothing; rules.redemption.refusal_for says why nothing. The text after the word GUARD is also the guard of files.
-- Placeholders are never null: '' or 0 means "not given"; mask is 0 for a balance voucher; delay = days from service to recording.
UPDATE vouchers_voucher AS v
SET spent = v.spent | %(mask)s,
    spent_cents = v.spent_cents + CASE WHEN %(mask)s > 0 THEN %(titles)s * v.face_cents ELSE %(amount)s END
WHERE -- GUARD
    v.code = %(code)s
    AND v.programme_id = %(programme)s
    AND (v.form = 'titles') = (%(mask)s > 0)
    AND (v.handed & %(custody)s) = %(custody)s
    AND (v.void & %(custody)s) = 0
    AND (v.blocked & %(custody)s) = 0
    AND (v.spent & %(mask)s) = 0
    AND v.lapsed_cents = 0
    AND %(served_on)s >= v.valid_from
    AND %(served_on)s < v.valid_until
    AND %(delay)s >= 0
    AND %(delay)s <= v.record_days
    AND %(in_catalogue)s = 1
    AND (
        SELECT count(*) FROM programmes_programmeversion AS w
        WHERE w.programme_id = v.programme_id AND w.status = 'published'
    ) = %(versions_seen)s
    AND %(quantity)s BETWEEN 1 AND 32767
    AND (%(mask)s > 0 OR %(amount)s > 0)
    AND v.spent_cents + v.void_cents + CASE WHEN %(mask)s > 0 THEN %(titles)s * v.face_cents ELSE %(amount)s END
        <= v.value_cents
    AND EXISTS (
        SELECT 1 FROM network_grant AS g
        WHERE g.site_id = %(site)s
          AND g.programme_id = v.programme_id
          AND g.network = v.network
          AND g.service = %(service)s
          AND g.valid_from <= %(served_on)s
          AND (g.valid_until IS NULL OR g.valid_until > %(served_on)s)
          AND CASE WHEN %(mask)s > 0 THEN %(titles)s * v.face_cents ELSE %(amount)s END
              <= CAST(%(quantity)s AS bigint) * g.unit_ceiling_cents
    )
    AND (
        (%(person)s = 0 AND %(needs_person)s = 0)
        OR EXISTS (
            SELECT 1 FROM people_member AS m
            JOIN people_person AS p ON p.id = m.person_id
            JOIN awards_award AS a ON a.household_id = m.household_id
            WHERE m.id = %(person)s
              AND a.id = v.award_id
              AND m.valid_from <= %(served_on)s
              AND (m.valid_until IS NULL OR m.valid_until > %(served_on)s)
              AND p.birth_date <= %(born_until)s
              AND p.birth_date > %(born_after)s
        )
    )
    AND (
        %(holder)s = ''
        OR EXISTS (SELECT 1 FROM people_person AS h WHERE h.id = v.holder_id AND h.fiscal_code = %(holder)s)
    )
