package bank

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The one customer whom every demo visitor is. The numbers are made up.
const (
	accountID   = "6228480402564890018"
	customerID  = "cust-8f1c27"
	signInCode  = "246810"
	offerLasts  = 28 * 24 * time.Hour
	defaultCode = "CNY"
)

// repayTerms are the months over which a loan may be repaid.
var repayTerms = []int{12, 24, 36, 60}

type document = map[string]any

// offer is the pre-approval. It says far more than any partner may show: what
// of it leaves the bank is the scope's business, not this system's.
func (b *Bank) offer(c call) reply {
	name := "Zhou Yifan"
	if strings.HasPrefix(c.request.Header.Get("Accept-Language"), "zh") {
		name = "周一帆"
	}
	return reply{status: http.StatusOK, document: document{
		"offer": document{
			"limit":   "186000.00",
			"rate":    "3.85",
			"ends_on": b.now().Add(offerLasts).Format(time.DateOnly),
			"score":   742,
			"model":   "pd-7.2",
		},
		"holder": document{
			"name":     name,
			"phone":    "13812346027",
			"id_no":    "33010619940816204X",
			"address":  "浙江省杭州市滨江区江汉路 1515 号",
			"employer": "杭州云栖软件有限公司",
		},
		"account": document{
			"id":      accountID,
			"balance": "51200.35",
		},
	}}
}

// balance looks the account up and, as the route's owner check, whose it is.
func (b *Bank) balance(c call) reply {
	if c.request.PathValue("id") != accountID {
		return refusal(http.StatusNotFound, "no_account", "There is no such account.")
	}
	currency := c.request.URL.Query().Get("currency")
	if currency == "" {
		currency = defaultCode
	}
	if currency != defaultCode {
		return refusal(http.StatusUnprocessableEntity, "no_currency", "The account is kept in CNY.")
	}
	return reply{status: http.StatusOK, document: document{
		"account": accountID, "currency": currency, "balance": "51200.35", "as_of": b.now().UTC().Format(time.RFC3339), "branch": "0571-03",
	}}
}

// signIn is the bank's own sign-in: the gateway binds whom it names to the visit.
func (b *Bank) signIn(c call) reply {
	var form struct {
		Phone string `json:"phone"`
		Code  string `json:"code"`
	}
	if json.Unmarshal(c.body, &form) != nil || form.Code != signInCode {
		return refusal(http.StatusUnauthorized, "wrong_code", "The code is not right.")
	}
	return reply{status: http.StatusOK, customer: customerID, document: document{
		"signed_in": true, "customer": document{"name": "周一帆", "since": "2017-04-02"},
	}}
}

// accounts lists what belongs to the signed-in customer.
func (b *Bank) accounts(c call) reply {
	if c.by.Customer != customerID {
		return refusal(http.StatusForbidden, "no_customer", "Sign in first.")
	}
	return reply{status: http.StatusOK, document: document{"accounts": []document{
		{"kind": "savings", "no": accountID, "balance": "51200.35", "branch": "0571-03"},
		{"kind": "deposit", "no": "6228480402564891776", "balance": "120000.00", "branch": "0571-03"},
	}}}
}

// applications keeps what was applied for, by idempotency key.
type applications struct {
	mu    sync.Mutex
	byKey map[string]document
	count int
}

// maxApplications bounds the memory of a demo that runs for weeks.
const maxApplications = 4096

// apply takes an application once per Idempotency-Key, which is the call's jti
// (protocol section 6); a repeat gets the first one's answer.
func (b *Bank) apply(c call) reply {
	key := c.request.Header.Get("Idempotency-Key")
	if key == "" {
		return refusal(http.StatusBadRequest, "no_key", "An Idempotency-Key is needed.")
	}
	var form struct {
		Term int `json:"term"`
	}
	if json.Unmarshal(c.body, &form) != nil || !slices.Contains(repayTerms, form.Term) {
		return refusal(http.StatusUnprocessableEntity, "wrong_term", "The term is 12, 24, 36 or 60 months.")
	}
	made := b.applications.once(c.by.VID+" "+key, func(number int) document {
		return document{"application": document{
			"id":      fmt.Sprintf("HT%s%04d", b.now().Format("20060102"), number),
			"status":  "received",
			"term":    form.Term,
			"officer": "desk-17",
		}}
	})
	return reply{status: http.StatusCreated, document: made}
}

func (a *applications) once(key string, made func(number int) document) document {
	a.mu.Lock()
	defer a.mu.Unlock()
	if before, known := a.byKey[key]; known {
		return before
	}
	if a.byKey == nil || len(a.byKey) >= maxApplications {
		a.byKey = map[string]document{}
	}
	a.count++
	fresh := made(a.count)
	a.byKey[key] = fresh
	return fresh
}
