package demo

import (
	"fmt"
	"math/rand/v2"
)

// person is somebody of the site.
type person struct {
	thing                 // the mailbox
	username, displayName string
	lang                  *language
	joined                moment
	id                    *made
}

// Those who can be logged in as: much happens to them, and they were there from the first day.
var stars = []struct{ username, displayName, lang string }{
	{"mina", "김민아", "ko"}, {"joon", "박준", "ko"}, {"alex", "Alex Morgan", "en"},
}

type given struct{ roman, written string }

var koreanNames = []given{
	{"seoyeon", "서연"}, {"minjun", "민준"}, {"jiwoo", "지우"}, {"haeun", "하은"}, {"dohyun", "도현"}, {"yuna", "유나"}, {"jihoon", "지훈"}, {"soomin", "수민"},
	{"hyunwoo", "현우"}, {"chaewon", "채원"}, {"taeho", "태호"}, {"eunji", "은지"}, {"sungmin", "성민"}, {"dahye", "다혜"}, {"jaewon", "재원"}, {"nari", "나리"},
	{"woojin", "우진"}, {"sora", "소라"}, {"kyungho", "경호"}, {"bora", "보라"}, {"seungho", "승호"}, {"areum", "아름"}, {"inho", "인호"}, {"yejin", "예진"},
	{"donghae", "동해"}, {"mirae", "미래"}, {"siwoo", "시우"}, {"hyejin", "혜진"}, {"gaon", "가온"}, {"byul", "별"},
}

var koreanFamilies = []given{{"kim", "김"}, {"lee", "이"}, {"park", "박"}, {"choi", "최"}, {"jung", "정"}, {"kang", "강"}, {"cho", "조"}, {"yoon", "윤"}, {"jang", "장"}, {"lim", "임"}, {"han", "한"}, {"oh", "오"}}

// A quarter of those who write Korean go by a name of their own making.
var koreanNicknames = []string{"라면박사", "퇴근요정", "새벽두시", "고양이집사", "느린거북", "커피두잔", "주말농부", "동네형", "책벌레", "한강러너", "구름관찰자", "떡볶이연구소", "밤산책", "초록손", "기차여행자", "오늘도맑음"}

var englishNames = []string{"Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Sophia", "Lucas", "Maya", "Oscar", "Chloe", "Henry", "Isla", "Felix", "Nora", "Theo", "Ruby", "Jonas", "Zoe", "Samir", "Priya", "Diego", "Ingrid", "Kofi", "Leila", "Marco", "Tess", "Owen", "Freya", "Hugo"}

var englishFamilies = []string{"Carter", "Bennett", "Hughes", "Novak", "Silva", "Larsen", "Okafor", "Reyes", "Murphy", "Fischer", "Patel", "Dubois", "Sato", "Kowalski", "Haddad", "Lindqvist"}

// named gives a username that nobody has, and a name to show.
func named(random *rand.Rand, lang string, taken map[string]bool) (username, displayName string) {
	if lang == "ko" {
		family, name := pick(random, koreanFamilies), pick(random, koreanNames)
		username, displayName = name.roman+"_"+family.roman, family.written+name.written
		if random.IntN(4) == 0 {
			displayName = pick(random, koreanNicknames)
		}
	} else {
		name, family := pick(random, englishNames), pick(random, englishFamilies)
		username, displayName = lower(name)+"_"+lower(family), name+" "+family
		if random.IntN(4) == 0 {
			displayName = name
		}
	}
	return free(username, "", func(name string) bool { return taken[name] }), displayName
}

// free is a name that is not taken: the wanted one, or it with a number.
func free(wanted, between string, taken func(string) bool) string {
	name := wanted
	for n := 2; taken(name); n++ {
		name = fmt.Sprintf("%s%s%d", wanted, between, n)
	}
	return name
}
