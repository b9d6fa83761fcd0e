package postgres

import "database/sql"

// Column reads the rows of a query that has one column, and closes them. It takes what such a query returns:
//
//	list, err := postgres.Column[uuid.UUID](tx.Rows(ctx, statement))
func Column[T any](rows *sql.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, rows.Err()
}
