"""First names that are common in many countries, and what they are short for."""

from __future__ import annotations

SHORT_FOR = {
    "alex": "alexander",
    "andy": "andrew",
    "ben": "benjamin",
    "bill": "william",
    "bob": "robert",
    "chris": "christopher",
    "dan": "daniel",
    "dave": "david",
    "ed": "edward",
    "greg": "gregory",
    "jeff": "jeffrey",
    "jen": "jennifer",
    "jim": "james",
    "joe": "joseph",
    "kate": "katherine",
    "ken": "kenneth",
    "liz": "elizabeth",
    "matt": "matthew",
    "mike": "michael",
    "nick": "nicholas",
    "pat": "patrick",
    "pete": "peter",
    "rick": "richard",
    "rob": "robert",
    "sam": "samuel",
    "steve": "steven",
    "sue": "susan",
    "tim": "timothy",
    "tom": "thomas",
    "tony": "anthony",
    "will": "william",
}

_COMMON = """
aaron adam adrian albert alexander alfred alice amanda amy ana anders andrea andreas andrew
angela anita anja anke ann anna anne annette anthony antonio arthur astrid barbara beate
benjamin bernd bernhard betty birgit bjorn brandon brian brigitte bruno carl carla carlos carmen
carol caroline catherine charles charlotte christian christina christine christoph christopher
claire clara claudia daniel daniela david deborah denise dennis diana dieter dirk dominik donald
donna doris dorothy edith edward elena elisabeth elizabeth ellen emily emma eric erik erika
ernst eva evelyn felix florian francesco francois frank franz friedrich gabriele gary george
gerald gerd gerhard giovanni gisela giulia grace guenter hannah hans harald harry heather heidi
heike heinz helen helena helga helmut henry herbert hugo ines inga ingo ingrid irene isabel jack
jacob jacqueline james jan jana jane janet janine jason jean jeffrey jennifer jens jessica
joachim joan joanna jochen joerg johanna johannes john jonas jonathan jordan jose josef joseph
joshua juan judith juergen julia julian julie karen karin karl karsten katharina katherine
kathrin katja kelly kenneth kerstin kevin kim klaus kurt lara lars laura lauren lea lena leo
leon linda lisa louis louise luca lucas lucia lucy luis luisa lukas manfred manuel manuela marc
marco marcus margaret maria marianne marie marina mario marion mark markus marta martha martin
martina mary mathias matthew matthias max maximilian megan melanie melissa michael michaela
michel michelle miguel monica monika nancy natalie nathan nicholas nicola nicole nils nina nora
norbert oliver olivia oscar otto pablo pamela paolo pascal patricia patrick paul paula pedro
peter petra philip philipp philippe pierre rachel rainer ralf raphael rebecca regina renate
richard rita robert roberto roger roland rolf ronald rosa rudolf ruth ryan sabine samantha
samuel sandra sara sarah sebastian sharon silke silvia simon simone sofia sonja sophia sophie
stefan stefanie stephan stephanie stephen steven susan susanne sven sylvia tanja tanya teresa
theresa thomas thorsten timothy tina tobias torsten tyler udo ulrich ulrike ursula ute uwe
valentina vanessa vera verena veronica victor victoria vincent virginia volker walter werner
wilhelm william wolfgang yvonne zoe
"""
GIVEN_NAMES = frozenset(_COMMON.split())
